// @vitest-environment node
/** The examples of the README are programs: what they import is there, and its types are what they take it for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What the compiler says about the sources, which it finds as files of this package. */
function complaints(sources: readonly string[]): string[] {
  const files = new Map(sources.map((source, index) => [join(root, `readme-${index}.tsx`), source]));
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const host = ts.createCompilerHost({ ...options, noEmit: true });
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.getSourceFile = (path, target) => {
    const source = files.get(path);
    return source === undefined
      ? getSourceFile(path, target)
      : ts.createSourceFile(path, source, target, true);
  };
  const program = ts.createProgram([...files.keys()], { ...options, noEmit: true }, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
}

describe('the examples of the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const examples = [...readme.matchAll(/```tsx\n(.*?)```/gs)].map(([, source]) => source ?? '');

  it('are sound', () => {
    expect(examples.length).toBeGreaterThan(2);
    expect(complaints(examples)).toEqual([]);
  });

  it('have the chat that is rendered on a server', () => {
    const source = readFileSync(join(root, 'test/readme-chat.tsx'), 'utf8');
    const chat = source.slice(source.indexOf('\n\nfunction'));
    expect(examples.filter((example) => example.endsWith(chat))).toHaveLength(1);
  });

  it('would not be, were a name wrong', () => {
    expect(complaints(["import { useNothing } from '@trivium/react'; useNothing();"])).toHaveLength(1);
  });
});
