import { defineConfig } from 'tsup';
import manifest from './package.json' with { type: 'json' };

export default defineConfig({
  entry: { index: 'src/index.ts', 'client/index': 'src/client/index.ts' },
  format: 'esm',
  dts: true,
  clean: true,
  sourcemap: true,
  define: { VERSION: JSON.stringify(manifest.version) },
});
