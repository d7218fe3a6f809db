/** What calls say of documents that cannot be read, or not as a whole. */
import { join } from 'node:path';
import { invoke } from '@trivium/protocol';
import { expect, it } from 'vitest';
import { documents } from '../../src/host/documents-plugin.js';
import { Host } from '../../src/host/index.js';
import { damagePage, makePdf, temporaryFolder } from '../documents/fixtures.js';

const [read, , ask] = documents.capabilities;
const { signal } = new AbortController();
const office = 'not text: .docx is a binary format; save it as PDF, HTML or Markdown';

it('reading fails where nothing can be read and a file was named', async () => {
  await using folder = await temporaryFolder();
  await using host = new Host({ cacheDir: folder.path });
  const path = await folder.write('docs/x.docx', 'x');
  const reading = (...paths: string[]) => invoke(read, { paths }, host.context(signal));
  const fault = { code: 'bad-format', file: path, found: office, remedy: expect.any(String) };
  await expect(reading(path)).rejects.toMatchObject(fault);
  await expect(reading(join(folder.path, 'docs/../docs/x.docx'))).rejects.toMatchObject(fault);
  const skipped = [{ path, reason: office }];
  expect(await reading(join(folder.path, 'docs'))).toMatchObject({ documents: 0, skipped });
  expect(await reading(path, await folder.write('a.md', 'Tea.'))).toMatchObject({ documents: 1, skipped });
});

it('an answer is warned of pages that are damaged', async () => {
  await using folder = await temporaryFolder();
  await using host = new Host({ cacheDir: folder.path });
  const pdf = makePdf([[{ text: 'Tea is steeped for two minutes.' }], [{ text: 'Coffee.' }]]);
  const path = await folder.write('a.pdf', damagePage(pdf, 2));
  const messages: unknown[] = [];
  const question = { paths: [path], question: 'How long is tea steeped?' };
  await invoke(ask, question, host.context(signal), (step) => {
    if (step.type === 'warning') messages.push(step.message);
  });
  expect(messages).toEqual([expect.stringContaining(`${path}: pages that cannot be read: 2 to the end`)]);
});
