/** What the module of a plugin's contracts holds. */
import { expect, it } from 'vitest';
import { importContracts } from '../../src/plugins/import-plugin.js';

it('counts a contract once that is exported by its name and as the default', async () => {
  const { href } = new URL('./fixtures/exported-twice.mjs', import.meta.url);
  expect((await importContracts(href, 'twice')).map(({ name }) => name)).toEqual(['count']);
});
