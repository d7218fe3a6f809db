// Runs the examples of the guide, which the documentation quotes: each in a process of its own, in the folder of the guide,
// with a cache of its own and no network. Types are taken out by TypeScript alone; `tsc -p examples/guide` checks them.
// Usage, after a build: node scripts/run-examples.mjs [--write] [NAME…]
// --write keeps what they print in examples/guide/output, where the pages take it from.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, extname, join } from 'node:path';
import typescript from 'typescript';
import { isMain, root, run } from './workspace.mjs';

const folder = join(root, 'examples/guide');
const { transpileModule, ModuleKind, ScriptTarget } = typescript;

/** Names of all examples, `quick-start.ts` and `command-line.sh` among them. */
export async function exampleNames() {
  return (await readdir(folder)).filter((name) => /\.(ts|sh)$/.test(name)).sort();
}

/** The command that runs an example; a TypeScript one is first written as JavaScript into the folder `build`. */
async function commandOf(name) {
  if (extname(name) === '.sh') return ['bash', ['-euo', 'pipefail', name]];
  const source = await readFile(join(folder, name), 'utf8');
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 };
  const file = join(folder, 'build', name.replace(/\.ts$/, '.mjs'));
  await writeFile(file, transpileModule(source, { compilerOptions }).outputText);
  return [process.execPath, [file]];
}

/** @returns the exit code and what it said on standard output and standard error */
export async function runExample(name) {
  await mkdir(join(folder, 'build'), { recursive: true });
  const cache = await mkdtemp(join(tmpdir(), 'trivium-example-'));
  try {
    const [command, args] = await commandOf(name);
    return await run(command, args, {
      cwd: folder,
      quiet: true,
      env: {
        TRIVIUM_CACHE_DIR: cache,
        TRIVIUM_OFFLINE: '1',
        NO_COLOR: '1',
        PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
      },
    });
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
}

if (isMain(import.meta.url)) {
  const given = process.argv.slice(2);
  const named = given.filter((word) => !word.startsWith('-'));
  const output = join(folder, 'output');
  if (given.includes('--write')) await mkdir(output, { recursive: true });
  for (const name of named.length > 0 ? named : await exampleNames()) {
    const { code, output: said } = await runExample(name);
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name}`);
    if (code !== 0) process.exitCode = 1;
    else if (given.includes('--write'))
      await writeFile(join(output, `${name.replace(/\.\w+$/, '')}.txt`), said);
    else if (named.length > 0) console.log(said);
  }
}
