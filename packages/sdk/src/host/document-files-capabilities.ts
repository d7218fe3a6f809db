/** Implementations of what can be done with documents as files: list them, hand out their text. */
import { contracts, implement, TriviumError } from '@trivium/protocol';
import { collectFiles, documentMediaType, documentText } from '../documents/index.js';
import { insideRoot } from './confine.js';
import type { TriviumContext } from './host.js';

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
  async function* ({ path, start = 0, end }, { host }) {
    const within = host.documentsWithin;
    const { text, mediaType } = await documentText(
      within === undefined ? path : await insideRoot(within, path, 'path'),
    );
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
    let line = 1;
    for (let at = text.indexOf('\n'); at >= 0 && at < start; at = text.indexOf('\n', at + 1)) line += 1;
    return {
      path,
      mediaType,
      text: text.slice(start, last),
      start,
      end: last,
      characters: text.length,
      line,
    };
  },
);
