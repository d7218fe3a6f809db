/** Texts without the place of the root, other folders untouched. */
import { expect, it } from 'vitest';
import { hideRoot } from '../../src/served/hide-root.js';

it.skipIf(process.platform === 'win32').each([
  ['There is no file /a/my-docs/tea.md.', 'There is no file tea.md.'],
  ['/a/my-docs is no file', '. is no file'],
  ['There is no file /a/my-docs.', 'There is no file ..'],
  ['"/a/my-docs" or (/a/my-docs), file:///a/my-docs/x', '"." or (.), file://x'],
  [
    '/a/my-docs2/x /a/my-docs-old /a/my-docs.old /a/my-docsé',
    '/a/my-docs2/x /a/my-docs-old /a/my-docs.old /a/my-docsé',
  ],
  ['/b/a/my-docs/x ./a/my-docs/x', '/b/a/my-docs/x ./a/my-docs/x'],
  ['/a/my-docs//x', '/x'],
])('%s', (text, shown) => {
  expect(hideRoot(text, '/a/my-docs')).toBe(shown);
});

it('the root of all files is none to hide', () => {
  expect(hideRoot('https://x.y/z /etc/passwd', '/')).toBe('https://x.y/z /etc/passwd');
});
