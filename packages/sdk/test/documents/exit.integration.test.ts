/** A process that exits while a library lives, as scripts do that call `process.exit`. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const sdk = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

test('ends with its own exit code', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trivium-exit-'));
  await writeFile(join(folder, 'tea.md'), 'Green tea is steeped for two minutes.\n');
  const program = `
    import { createClient, documents } from ${JSON.stringify(sdk)};
    await createClient().use(documents).read({ paths: [${JSON.stringify(folder)}] });
    process.exit(7);
  `;
  const run = () =>
    new Promise((resolve) => {
      const args = ['--input-type=module', '--eval', program];
      const env = { ...process.env, TRIVIUM_CACHE_DIR: folder };
      execFile(process.execPath, args, { env }, (error) =>
        resolve({ code: error?.code, signal: error?.signal }),
      );
    });
  try {
    for (let time = 0; time < 3; time++) expect(await run()).toEqual({ code: 7, signal: null });
  } finally {
    await rm(folder, { recursive: true });
  }
});
