/** The default theme with our colours, our pictures and hovers that show types. */
import TwoslashFloatingVue from '@shikijs/vitepress-twoslash/client';
import '@shikijs/vitepress-twoslash/style.css';
import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import AnswerPicture from './components/AnswerPicture.vue';
import EnginePicture from './components/EnginePicture.vue';
import PipelinePicture from './components/PipelinePicture.vue';
import SpeedBars from './components/SpeedBars.vue';
import SurfacesPicture from './components/SurfacesPicture.vue';
import Layout from './Layout.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  Layout,
  enhanceApp({ app }) {
    app.use(TwoslashFloatingVue);
    app.component('AnswerPicture', AnswerPicture);
    app.component('EnginePicture', EnginePicture);
    app.component('PipelinePicture', PipelinePicture);
    app.component('SpeedBars', SpeedBars);
    app.component('SurfacesPicture', SurfacesPicture);
  },
} satisfies Theme;
