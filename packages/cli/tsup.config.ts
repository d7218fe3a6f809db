import { cpSync } from 'node:fs';
import { defineConfig } from 'tsup';
import manifest from './package.json' with { type: 'json' };

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  dts: true,
  clean: true,
  sourcemap: true,
  // The page that `trivium serve` shows travels with it, as the static files that it was built into.
  onSuccess: async () => {
    cpSync(
      new URL('../../apps/playground/dist/', import.meta.url),
      new URL('dist/playground/', import.meta.url),
      {
        recursive: true,
      },
    );
  },
  define: { VERSION: JSON.stringify(manifest.version) },
});
