/** Static files with relative addresses, so that they work wherever a server mounts them. */
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  build: {
    // Every browser of the last two years; the page needs no module preload polyfill then.
    target: 'es2022',
    modulePreload: false,
    // The server's policy allows no data addresses for scripts and styles.
    assetsInlineLimit: 0,
    // React, the chat of the AI SDK and zod; it comes from this machine, once.
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      // 'use client' of libraries means nothing in a page that has no server components.
      onLog: (level, log, handle) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log);
      },
    },
  },
});
