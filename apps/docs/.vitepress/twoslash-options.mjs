// How TypeScript on pages is checked: against the built packages, under the compiler's strictest words for Node.
import { fileURLToPath } from 'node:url';

// Without a slash at its end: with one, twoslash asks for `docs//index.ts`, hears of other files, and finds no error in any.
const docs = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
const typeRoots = [fileURLToPath(new URL('../../../node_modules/@types', import.meta.url))];

export const twoslashOptions = {
  vfsRoot: docs,
  // TypeScript's own numbers: ES2022, NodeNext.
  compilerOptions: {
    strict: true,
    target: 9,
    module: 199,
    moduleResolution: 99,
    lib: ['ES2023', 'ESNext.Disposable'],
    types: ['node'],
    typeRoots,
  },
};
