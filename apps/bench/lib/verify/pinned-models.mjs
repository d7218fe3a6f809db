/**
 * The table of checkpoints and its lock: which commit and which bytes each one is. A checkpoint without a pin is pinned by
 * the first run that fetches it, by what the hub says and the download has verified; later runs hold it to that. Knows
 * neither engines nor how a file is fetched.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** `{ name, repo, file, revision?, bytes?, sha256?, why }` each. */
export function readTable(path) {
  const { models } = JSON.parse(readFileSync(path, 'utf8'));
  for (const { name, repo, file } of models)
    if (!name || !repo || !file) throw new Error(`${path}: every model has a name, a repo and a file`);
  const names = models.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new Error(`${path}: there are two models "${twice}"`);
  return models;
}

/** `{ [name]: { repo, file, revision, bytes, sha256 } }`; empty where there is no lock yet. */
export const readLock = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {});

export function writeLock(path, lock) {
  const sorted = Object.fromEntries(Object.entries(lock).sort(([a], [b]) => (a < b ? -1 : 1)));
  const unfinished = `${path}.${process.pid}.part`;
  writeFileSync(unfinished, `${JSON.stringify(sorted, null, 2)}\n`);
  renameSync(unfinished, path);
}

/** The pin of a model: of the lock where that is of the same file, else what the table says. `update`: forget the lock. */
export function pinOf(model, lock, update) {
  const { repo, file, revision, bytes, sha256 } = model;
  const locked = lock[model.name];
  const same = locked?.repo === repo && locked?.file === file;
  return same && !update ? { ...locked } : { repo, file, revision, bytes, sha256 };
}

export const referenceOf = ({ repo, file, revision }) =>
  `hf:${repo}${revision ? `@${revision}` : ''}/${file}`;

/**
 * Holds what was pulled to its pin: `{ pin }`, complete now, or `{ fault }`. A file in several parts is pinned by its
 * first one, and the hub's checksums hold the others.
 */
export function holdTo(pin, pulled) {
  const found = pulled.files.find(({ file }) => file === pin.file) ?? pulled.files[0];
  const complete = {
    repo: pin.repo,
    file: pin.file,
    revision: pulled.revision,
    bytes: found.bytes,
    sha256: found.sha256,
  };
  for (const field of ['bytes', 'sha256']) {
    if (pin[field] !== undefined && pin[field] !== complete[field])
      return { fault: `${field} is pinned as ${pin[field]}, the hub gives ${complete[field]}` };
  }
  return { pin: complete };
}
