/** A deterministic embedder of hashed terms, and a library over texts held in memory. */
import type { SearchHit, SourceText } from '../../src/documents/types.js';
import type { EmbedTexts, LongTextLibrary } from '../../src/long-text/types.js';
import { lexicalVector } from '../../src/long-text/vectors.js';
import { terms } from '../../src/long-text/words.js';

export const hashEmbed: EmbedTexts = async (texts, options) => {
  options?.signal?.throwIfAborted();
  return texts.map((text) => lexicalVector(terms(text), () => 1));
};

export function sourceOf(path: string, text: string): SourceText {
  const blocks: SourceText['blocks'] = [];
  for (const match of text.matchAll(/[^\n](?:[^\n]|\n(?!\n))*/g)) {
    const isHeading = match[0].startsWith('#');
    blocks.push({
      kind: isHeading ? 'heading' : 'paragraph',
      start: match.index,
      end: match.index + match[0].length,
    });
  }
  return { path, text, mediaType: 'text/markdown', title: '', blocks };
}

/** Its search scores blocks by the terms that they share with the query. */
export function memoryLibrary(files: Record<string, string>): LongTextLibrary {
  const sources = new Map(Object.entries(files).map(([path, text]) => [path, sourceOf(path, text)]));
  return {
    read: async () => ({
      documents: sources.size,
      bytes: 0,
      characters: 0,
      tokens: 0,
      chunks: 0,
      changed: 0,
      skipped: [],
      warnings: [],
      ms: 0,
    }),
    paths: async () => [...sources.keys()],
    document: async (path) => sources.get(path)!,
    search: async (query, { limit = 10 } = {}) => {
      const asked = new Set(terms(query));
      const hits: SearchHit[] = [];
      for (const { path, text, blocks } of sources.values()) {
        for (const { kind, start, end } of blocks) {
          const quote = text.slice(start, end);
          const score = terms(quote).filter((term) => asked.has(term)).length;
          const line = text.slice(0, start).split('\n').length;
          if (kind === 'paragraph' && score > 0) hits.push({ path, start, end, line, text: quote, score });
        }
      }
      return hits.sort((a, b) => b.score - a.score).slice(0, limit);
    },
  };
}
