/**
 * What is not read unless it is named itself: by its name, or by .gitignore. Opens no file but that. Refuses to know: folders'
 * entries, globs.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { hasFewStars } from './glob-patterns.js';

/** Names of folders that others fill. */
export const leftOut: ReadonlySet<string> = new Set(['node_modules', '__pycache__', 'venv']);
/** Of names in a folder; "." is none. */
export const isLeftOut = (name: string) => (name.startsWith('.') && name !== '.') || leftOut.has(name);

/** Of one .gitignore. */
export interface Rules {
  /** Absolute; what they are said of. */
  folder: string;
  matcher: Ignore;
}

/** As git sets itself up for the file systems that these platforms come with. */
const ignoresCase = process.platform === 'darwin' || process.platform === 'win32';

/** Lines of more stars than globs may have leave nothing out: files are not to say how long a look at them takes. */
export async function readRules(folder: string): Promise<Rules | undefined> {
  try {
    const lines = (await readFile(join(folder, '.gitignore'), 'utf8')).split(/\r?\n/);
    const matcher = ignore({ ignorecase: ignoresCase });
    return { folder, matcher: matcher.add(lines.filter(hasFewStars)) };
  } catch {
    return undefined;
  }
}

/** Rules of the folders above, up to the repository's root; none where they leave out `folder` itself. */
export async function enclosingRules(folder: string): Promise<Rules[]> {
  const rules: Rules[] = [];
  for (let here = folder; ; here = dirname(here)) {
    if (here !== folder) {
      const found = await readRules(here);
      if (found) rules.unshift(found);
    }
    if (await stat(join(here, '.git')).catch(() => undefined)) break;
    if (dirname(here) === here) return [];
  }
  const within = isIgnored(folder, true, rules) || folder.split(sep).some((name) => leftOut.has(name));
  return within ? [] : rules;
}

export function isIgnored(path: string, isFolder: boolean, rules: readonly Rules[]): boolean {
  let ignored = false;
  for (const { folder, matcher } of rules) {
    const inside = relative(folder, path).split(sep).join('/');
    if (inside === '' || inside.startsWith('..')) continue;
    const result = matcher.test(isFolder ? `${inside}/` : inside);
    if (result.ignored) ignored = true;
    else if (result.unignored) ignored = false;
  }
  return ignored;
}

/** The rules for what lies anywhere below a folder, each file of them read once. */
export class RulesBelow {
  readonly #base: string;
  readonly #byFolder = new Map<string, Promise<readonly Rules[] | undefined>>();

  /** @param base absolute; it was named, so that none leaves out the folder itself */
  constructor(base: string) {
    this.#base = base;
  }

  /** Whether a file, by its absolute path, is left out, or a folder on the way to it. */
  async ignore(file: string): Promise<boolean> {
    const rules = await this.#of(dirname(file));
    return !rules || isIgnored(file, false, rules);
  }

  /** The rules for what stands in a folder; `undefined` where it is left out itself. */
  #of(folder: string): Promise<readonly Rules[] | undefined> {
    const rules = this.#byFolder.get(folder) ?? this.#read(folder);
    this.#byFolder.set(folder, rules);
    return rules;
  }

  async #read(folder: string): Promise<readonly Rules[] | undefined> {
    // What a way up leads to was named as well.
    const isNamed = folder === this.#base || !folder.startsWith(join(this.#base, sep));
    const above = isNamed ? await enclosingRules(folder) : await this.#of(dirname(folder));
    if (!above || (!isNamed && isIgnored(folder, true, above))) return undefined;
    const own = await readRules(folder);
    return own ? [...above, own] : above;
  }
}
