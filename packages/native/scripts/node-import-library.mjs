// What an addon for Windows links for the functions that node.exe gives it, made of the lists that node-api-headers brings.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
export const apiHeaders = dirname(require.resolve('node-api-headers/package.json'));

/** @param dlltool The command and its first words. @returns the library's file, in `folder` */
export function nodeImportLibrary(folder, [command, ...words]) {
  const names = ['js_native_api', 'node_api'].flatMap((list) =>
    readFileSync(join(apiHeaders, `def/${list}.def`), 'utf8')
      .split('EXPORTS')[1]
      .trim()
      .split(/\s+/),
  );
  const definition = join(folder, 'node.def');
  const library = join(folder, 'node.lib');
  writeFileSync(definition, `LIBRARY node.exe\nEXPORTS\n${names.join('\n')}\n`);
  execFileSync(command, [...words, '-m', 'i386:x86-64', '-D', 'node.exe', '-d', definition, '-l', library]);
  return library;
}
