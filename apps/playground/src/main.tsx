import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import './style/index.css';

const element = document.getElementById('app');
if (!element) throw new Error('the page has no #app');
createRoot(element).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
