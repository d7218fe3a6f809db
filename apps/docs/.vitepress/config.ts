/**
 * The site: where pages lie, how code on them is checked, what is written beside them for machines. A link that leads
 * nowhere and a type that does not hold fail the build.
 */
import { fileURLToPath } from 'node:url';
import { transformerTwoslash } from '@shikijs/vitepress-twoslash';
import { defineConfig } from 'vitepress';
import llms from 'vitepress-plugin-llms';
import { sidebar } from './sidebar.js';
import { twoslashOptions } from './twoslash-options.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

export default defineConfig({
  lang: 'en',
  title: 'Trivium',
  description: 'Long documents and local models in TypeScript: no key, no server, no Python.',
  srcDir: 'pages',
  cleanUrls: true,
  ignoreDeadLinks: false,
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: '/trivium.svg' }],
    ['meta', { name: 'theme-color', content: '#0f766e' }],
  ],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    codeTransformers: [
      // VitePress has a shiki of its own: its transformers are the same, their types are of two copies.
      transformerTwoslash({ twoslashOptions }) as never,
    ],
  },
  vite: {
    plugins: [
      llms({
        generateLLMFriendlyDocsForEachPage: false,
        ignoreFilesPerOutput: { llmsFullTxt: ['api/**'] },
        description: 'Long documents and local models in TypeScript.',
      }),
    ],
    server: { fs: { allow: [root] } },
    build: { chunkSizeWarningLimit: 1500 },
  },
  // Without JavaScript the first page has its main landmark too; see theme/Layout.vue.
  transformHtml: (html, _id, { pageData }) =>
    pageData.frontmatter.layout === 'home'
      ? html.replace(' id="VPContent"', ' id="VPContent" role="main"')
      : undefined,
  themeConfig: {
    logo: { src: '/trivium.svg', alt: '' },
    nav: [
      { text: 'Quick start', link: '/quick-start', activeMatch: '/quick-start|/tutorials/' },
      { text: 'How to', link: '/how-to/local-models', activeMatch: '/how-to/' },
      { text: 'Understand', link: '/explanation/engine', activeMatch: '/explanation/' },
      { text: 'Reference', link: '/reference/capabilities', activeMatch: '/reference/|/api/' },
    ],
    sidebar,
    outline: { level: [2, 3] },
    search: { provider: 'local', options: { detailedView: false } },
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'MIT licence. No telemetry, here and in the packages.' },
  },
});
