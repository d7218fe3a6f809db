import { defineConfig } from 'tsup';

// Each entry keeps its own first line: 'use client' where hooks are, nothing where they are not.
export default defineConfig({
  entry: { index: 'src/index.ts', stores: 'src/stores/index.ts', chat: 'src/chat/index.ts' },
  format: 'esm',
  platform: 'browser',
  dts: true,
  clean: true,
  sourcemap: true,
});
