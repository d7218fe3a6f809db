/** Implementations of what can be done with documents as files: list them, hand out their text. */
import { contracts, implement, TriviumError } from '@trivium/protocol';
import { insideRoot } from '../base/inside-root.js';
import { LastDocumentText } from '../documents/document-text.js';
import { collectFiles, documentMediaType, placeInFile } from '../documents/index.js';
import type { Host, TriviumContext } from './host.js';

const lastTexts = new WeakMap<Host, LastDocumentText>();

export const documentsList = implement<typeof contracts.documentsList, TriviumContext>(
  contracts.documentsList,
  async function* ({ paths, limit }, { host, signal }) {
    const { files, skipped } = await collectFiles(paths, { signal, within: host.documentsWithin });
    const documents = files
      .slice(0, limit)
      .map(({ path, size }) => ({ path, bytes: size, mediaType: documentMediaType(path) }));
    return { documents, total: files.length, skipped };
  },
);

export const documentsText = implement<typeof contracts.documentsText, TriviumContext>(
  contracts.documentsText,
  async function* ({ path, start = 0, end }, { host, signal }) {
    const within = host.documentsWithin;
    const texts = lastTexts.get(host) ?? new LastDocumentText();
    lastTexts.set(host, texts);
    const file = within === undefined ? path : await insideRoot(within, path, 'path');
    const found = await texts.read(file, { signal });
    const { text, mediaType } = found;
    const last = Math.min(end ?? text.length, text.length);
    if (start > last) {
      throw new TriviumError('invalid-argument', `Nothing of the document begins at ${start}.`, {
        file: path,
        field: 'start',
        found: String(start),
        expected: `0 <= start <= ${last}`,
        remedy: 'Take start and end from a citation.',
      });
    }
    return {
      path,
      mediaType,
      text: text.slice(start, last),
      start,
      end: last,
      characters: text.length,
      line: placeInFile(found, start, last).line,
    };
  },
);
