// The rules of React over packages/react and the playground: those of hooks, and those the React Compiler relies on. Biome does the rest.
import parser from '@typescript-eslint/parser';
import { ESLint } from 'eslint';
import hooks from 'eslint-plugin-react-hooks';
import { root } from './workspace.mjs';

const eslint = new ESLint({
  cwd: root,
  overrideConfigFile: true,
  overrideConfig: [
    {
      files: ['**/src/**/*.{ts,tsx}'],
      languageOptions: { parser, parserOptions: { ecmaFeatures: { jsx: true } } },
      plugins: { 'react-hooks': hooks },
      rules: Object.fromEntries(
        Object.keys(hooks.configs['recommended-latest'].rules).map((name) => [name, 'error']),
      ),
      linterOptions: { reportUnusedDisableDirectives: 'error', noInlineConfig: true },
    },
  ],
});
const results = await eslint.lintFiles(['packages/react/src', 'apps/playground/src']);
const faults = results.reduce((sum, { errorCount, warningCount }) => sum + errorCount + warningCount, 0);
if (faults > 0) console.error((await eslint.loadFormatter('stylish')).format(results));
else console.log(`${results.length} files`);
process.exitCode = faults > 0 ? 1 : 0;
