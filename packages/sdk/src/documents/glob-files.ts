/**
 * The files that a glob fits, each once however many links lead to it. A folder that lies elsewhere, by a link or by a way up, is
 * not looked into: not even the names in it are found. Refuses to know what is a document.
 */
import { readdir, realpath } from 'node:fs';
import { realpath as realPath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { type GlobOptions, glob } from 'tinyglobby';
import { leftOut } from './left-out.js';

export interface GlobFiles {
  /** Paths from the base of the glob on. */
  files: string[];
  /** Folders that it leads to and that are out of reach, in the same way. */
  outside: string[];
}

/** Whether a path is neither the folder nor in it; both absolute and real. */
export function isOutside(folder: string, real: string): boolean {
  const inside = relative(folder, real);
  return inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside);
}

/**
 * @param patterns as `globPatterns` has them
 * @param base absolute; what they are looked for in
 * @param reach the real folder in which all that is looked at must lie
 * @throws the signal's reason
 */
export async function globFiles(
  patterns: string[],
  base: string,
  reach: string,
  signal?: AbortSignal,
): Promise<GlobFiles> {
  /** Links that were met, by what they lead to: a folder behind one is read by its real name. */
  const links = new Map<string, string>();
  const outside = new Set<string>();
  const fs = {
    realpath(path: string, done: (error: Error | null, real: string) => void) {
      realpath.native(path, (error, real) => {
        if (!error) links.set(real, path);
        done(error, real);
      });
    },
    readdir(folder: string, options: object, done: (error: Error | null, entries: unknown[]) => void) {
      realpath.native(folder, (error, real) => {
        if (!error && !isOutside(reach, real)) return readdir(folder, options, done);
        if (!error) outside.add(relative(base, links.get(real) ?? folder));
        done(error, []);
      });
    },
  } as unknown as NonNullable<GlobOptions['fs']>;
  // A folder that a pattern names itself is meant.
  const named = new Set(patterns.flatMap((pattern) => pattern.split('/')));
  const unread = ['.git', ...leftOut].filter((name) => !named.has(name));
  const matches = await glob(patterns, {
    cwd: base,
    fs,
    onlyFiles: true,
    expandDirectories: false,
    ignore: unread.map((name) => `**/${name}/**`),
    ...(signal && { signal }),
  });
  signal?.throwIfAborted();
  return { files: await onceEach(matches, base), outside: [...outside] };
}

/** A file that links lead to by several ways counts once; the way without links goes first. */
async function onceEach(matches: readonly string[], base: string): Promise<string[]> {
  const realBase = await realPath(base).catch(() => base);
  const realFolders = new Map<string, string>();
  const byPlace = new Map<string, string>();
  for (const match of [...matches].sort()) {
    const folder = dirname(match);
    const real =
      realFolders.get(folder) ?? (await realPath(join(base, folder)).catch(() => join(base, folder)));
    realFolders.set(folder, real);
    const isDirect = real === join(realBase, folder);
    const place = join(real, basename(match));
    if (isDirect || !byPlace.has(place)) byPlace.set(place, match);
  }
  return [...byPlace.values()];
}
