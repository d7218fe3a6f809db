/**
 * Keeps indexes between runs: one file per set of roots and models, written under a temporary name and renamed. A file
 * that is damaged, or of another version, is as good as none. Layout: magic, SHA-256 of the rest, header length, header
 * JSON, then arrays at multiples of 8 bytes.
 */
import { createHash, randomUUID } from 'node:crypto';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder } from '../base/make-folder.js';
import {
  type IndexedDocument,
  isUnreadable,
  type KnownFile,
  type UnreadableFile,
} from './indexed-document.js';

/** Goes up whenever readers, passages, terms or layout change. */
export const indexVersion = 13;

/** 1 GiB: the index of 238 pages with 410,000 tokens takes 6 MB, so this holds about 180 such folders. */
export const defaultCacheBytes = 2 ** 30;

/** Names of indexes, as `cacheFile` and `saveIndex` give them. The first group is what a temporary name has more. */
export const indexFiles = /^[0-9a-f]{32}\.index(\.[0-9a-f-]{36}\.tmp)?$/;

/** Whether `path`, an absolute one, is an index in the folder that `index` is in, also one that is being written. */
export const isIndexBeside = (index: string, path: string) =>
  indexFiles.test(basename(path)) && dirname(path) === resolve(dirname(index));

const magic = 'TRVIDX\r\n';
const headerStart = 48;

const arrayTypes = { Int32Array, Uint32Array, Uint8Array, Int8Array, Float32Array };
type ArrayName = keyof typeof arrayTypes;
type Section = [type: ArrayName, offset: number, length: number];

interface StoredDocument
  extends Omit<IndexedDocument, 'text' | 'blocks' | 'chunks' | 'terms' | 'vectors' | 'pages' | 'runs'> {
  width?: number;
  sections: Record<string, Section>;
}

type StoredFile = StoredDocument | UnreadableFile;

/** The file for what `key` names: roots, models, settings. */
export function cacheFile(folder: string, key: unknown): string {
  const name = createHash('sha256')
    .update(JSON.stringify([indexVersion, key]))
    .digest('hex')
    .slice(0, 32);
  return join(folder, 'documents', `${name}.index`);
}

/** What an earlier run left, or nothing where the file is absent or damaged. */
export async function loadIndex(file: string): Promise<KnownFile[]> {
  try {
    return decode(await readFile(file));
  } catch {
    return [];
  }
}

/** Replaces the file as a whole or leaves it as it was. @throws Node's file errors, TriviumError `io` where no folder can be made. */
export async function saveIndex(file: string, files: readonly KnownFile[]): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  await makeFolder(dirname(file));
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      for (const bytes of batched(encode(files))) await handle.writeFile(bytes);
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

const leastWrite = 2 ** 20;

/** The same bytes in few pieces: each write is a way to another thread and back, and an index has thousands of parts. */
function* batched(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let from = 0;
  let bytes = 0;
  for (const [at, part] of parts.entries()) {
    bytes += part.length;
    if (bytes < leastWrite && at + 1 < parts.length) continue;
    yield Buffer.concat(parts.slice(from, at + 1), bytes);
    from = at + 1;
    bytes = 0;
  }
}

function encode(files: readonly KnownFile[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const put = (array: ArrayBufferView): Section => {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    const section: Section = [array.constructor.name as ArrayName, offset, bytes.length];
    const padding = (8 - (bytes.length % 8)) % 8;
    parts.push(bytes, new Uint8Array(padding));
    offset += bytes.length + padding;
    return section;
  };
  const stored = files.map((file): StoredFile => {
    if (isUnreadable(file)) return file;
    const { text, blocks, chunks, terms, vectors, pages, runs, ...facts } = file;
    const arrays = {
      text: new TextEncoder().encode(text),
      blocks,
      chunks,
      ...terms,
      pages,
      runs,
      rows: vectors?.rows,
      values: vectors?.values,
      scales: vectors?.scales,
    };
    const sections: Record<string, Section> = {};
    for (const [name, array] of Object.entries(arrays)) if (array) sections[name] = put(array);
    return { ...facts, sections, ...(vectors && { width: vectors.width }) };
  });
  const json = Buffer.from(JSON.stringify(stored));
  const header = Buffer.alloc(json.length + ((8 - (json.length % 8)) % 8), ' ');
  json.copy(header);
  const hash = createHash('sha256').update(header);
  for (const part of parts) hash.update(part);
  const start = Buffer.alloc(headerStart);
  start.write(magic, 0, 'latin1');
  hash.digest().copy(start, 8);
  start.writeUInt32LE(header.length, 40);
  start.writeUInt32LE(indexVersion, 44);
  return [start, header, ...parts];
}

function decode(file: Buffer): KnownFile[] {
  const bytes = file.byteOffset % 8 === 0 ? file : Buffer.from(new Uint8Array(file).buffer);
  const sound =
    bytes.length > headerStart &&
    bytes.toString('latin1', 0, 8) === magic &&
    bytes.readUInt32LE(44) === indexVersion &&
    createHash('sha256').update(bytes.subarray(headerStart)).digest().equals(bytes.subarray(8, 40));
  if (!sound) return [];
  const headerEnd = headerStart + bytes.readUInt32LE(40);
  const stored = JSON.parse(bytes.toString('utf8', headerStart, headerEnd)) as StoredFile[];
  return stored.map((file) => {
    if ('reason' in file) return file;
    const { sections, width, ...facts } = file;
    const get = (name: string) => {
      const section = sections[name];
      if (!section) return undefined;
      const type = arrayTypes[section[0]];
      const from = bytes.byteOffset + headerEnd + section[1];
      return new type(bytes.buffer as ArrayBuffer, from, section[2] / type.BYTES_PER_ELEMENT) as never;
    };
    const need = (name: string) => get(name)! as never;
    const pages = get('pages');
    const runs = get('runs');
    const document: IndexedDocument = {
      ...facts,
      text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(need('text')),
      blocks: need('blocks'),
      chunks: need('chunks'),
      terms: {
        offsets: need('offsets'),
        hashes: need('hashes'),
        bodyCounts: need('bodyCounts'),
        headingCounts: need('headingCounts'),
        lengths: need('lengths'),
      },
    };
    if (pages) document.pages = pages;
    if (runs) document.runs = runs;
    if (width !== undefined)
      document.vectors = { rows: need('rows'), values: need('values'), scales: need('scales'), width };
    return document;
  });
}
