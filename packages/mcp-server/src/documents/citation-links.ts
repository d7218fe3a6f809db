/** Links from an answer to the places that it cites, for clients that read resources. */
import { isAbsolute, posix, sep } from 'node:path';
import { type ContentBlock, textBlock } from '../surface/content.js';
import { documentUri } from './document-uri.js';

/** More links than this crowd an answer out. */
const maxLinks = 50;

interface Place {
  path: string;
  start: number;
  end: number;
  line?: number;
  page?: number;
}

function isPlace(value: unknown): value is Place {
  const { path, start, end } = (value ?? {}) as Partial<Place>;
  return typeof path === 'string' && typeof start === 'number' && typeof end === 'number';
}

/** @param structured the output of a capability, its paths relative to the root */
export function citationLinks({ citations, hits }: Record<string, unknown>): ContentBlock[] {
  const places = [citations, hits].flatMap((list) => (Array.isArray(list) ? list.filter(isPlace) : []));
  const links = places.slice(0, maxLinks).flatMap(linkTo);
  if (places.length <= maxLinks) return links;
  return [
    ...links,
    textBlock(`[${maxLinks} of ${places.length} places are linked; structuredContent has all of them.]`),
  ];
}

function linkTo({ path: given, start, end, line, page }: Place): ContentBlock[] {
  const path = given.split(sep).join(posix.sep);
  // Standard input and what lies elsewhere is no document of the root.
  if (path === '-' || isAbsolute(path)) return [];
  const place = page === undefined ? (line === undefined ? '' : `:${line}`) : `, page ${page}`;
  const uri = documentUri({ path, start, end });
  return [{ type: 'resource_link', uri, name: `${path}${place}` }];
}
