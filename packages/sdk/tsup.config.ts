import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'provider/index': 'src/provider/index.ts',
    'testing/index': 'src/testing/index.ts',
    'documents/index': 'src/documents/index.ts',
    'documents/worker': 'src/documents/worker.ts',
    'long-text/index': 'src/long-text/index.ts',
    'server/index': 'src/server/index.ts',
    'plugins/index': 'src/plugins/index.ts',
    'plugins/plugin-worker': 'src/plugins/plugin-worker.ts',
  },
  format: ['esm', 'cjs'],
  // Both forms share state between entries: one store of models, one adapter, whatever is imported first.
  splitting: true,
  shims: true,
  dts: true,
  clean: true,
  sourcemap: true,
});
