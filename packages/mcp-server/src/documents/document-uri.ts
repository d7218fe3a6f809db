/**
 * `doc:///guides/tea.md?start=10&end=80`: a document below the root, or a part of it. Says nothing of where the root is. Knows
 * no files: whether a path leaves the root is for its reader to find out.
 */
import { TriviumError } from '@trivium/protocol';

const prefix = 'doc:///';
export const documentTemplate = 'doc:///{+path}{?start,end}';

export interface DocumentReference {
  /** With `/`, from the root on. */
  path: string;
  /** UTF-16 offsets into the decoded text, as citations have them. */
  start?: number;
  end?: number;
}

export const isDocumentUri = (uri: string) => uri.startsWith(prefix);

/** @param reference its path from the root on, with `/` whatever the system */
export function documentUri({ path, start, end }: DocumentReference): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  const range = [start !== undefined && `start=${start}`, end !== undefined && `end=${end}`].filter(Boolean);
  return `${prefix}${encoded}${range.length > 0 ? `?${range.join('&')}` : ''}`;
}

/** @throws TriviumError `invalid-argument` naming what is wrong with the URI */
export function parseDocumentUri(uri: string): DocumentReference {
  const [before = '', query, ...more] = uri.slice(prefix.length).split('?');
  if (more.length > 0 || uri.includes('#')) throw malformed(uri, 'it has a part that no document has');
  const path = decode(before, uri);
  if (path === '' || path.includes('\0')) throw malformed(uri, 'its path is no path');
  const reference: DocumentReference = { path };
  for (const [name, value] of new URLSearchParams(query)) {
    if (name !== 'start' && name !== 'end') throw malformed(uri, `"${name}" is neither start nor end`);
    if (!/^\d{1,15}$/.test(value)) throw malformed(uri, `${name} is no offset: "${value}"`);
    reference[name] = Number(value);
  }
  return reference;
}

function decode(path: string, uri: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw malformed(uri, 'its escapes are no UTF-8');
  }
}

const malformed = (uri: string, why: string) =>
  new TriviumError('invalid-argument', `${uri} is no URI of a document: ${why}.`, {
    field: 'uri',
    found: uri,
    expected: documentTemplate,
    remedy: 'Take URIs from resources/list or from the links of an answer.',
  });
