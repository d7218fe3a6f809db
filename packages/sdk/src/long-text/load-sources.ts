/** Documents of a library as sources. Others may read the same library meanwhile, and it then holds what they found. */
import { TriviumError } from '@trivium/protocol';
import { Turns } from '../documents/turns.js';
import type { SourceText } from '../documents/types.js';
import type { LongTextLibrary, SummarizeOptions } from './types.js';

/**
 * One after the other: of many that arrive together the event loop would make one turn. Where one that was listed is gone,
 * the library was read anew: what it lists now is loaded, and nothing else.
 * @throws TriviumError `not-found` for a document that was named, or is listed but not held
 */
export async function loadSources(
  library: LongTextLibrary,
  { paths, signal }: Pick<SummarizeOptions, 'paths' | 'signal'>,
): Promise<SourceText[]> {
  const turns = new Turns(signal);
  const loaded = new Map<string, SourceText>();
  let wanted = paths ?? (await library.paths());
  for (let at = 0; at < wanted.length; at++) {
    const path = wanted[at]!;
    if (loaded.has(path)) continue;
    try {
      loaded.set(path, await library.document(path));
    } catch (error) {
      if (paths || TriviumError.from(error).code !== 'not-found') throw error;
      wanted = await library.paths();
      if (wanted.includes(path)) throw error;
      at = -1;
    }
    await turns.next();
  }
  const sources = wanted.map((path) => loaded.get(path)!);
  // Once each, however often and by whatever names they were asked for.
  return [...new Map(sources.map((source) => [source.path, source])).values()];
}
