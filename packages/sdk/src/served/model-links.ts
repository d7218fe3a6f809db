/**
 * Links that the engine would follow for a model, beside the path that names it: those in a model's folder, among the texts
 * beside a file of weights, and in place of the other parts of a split GGUF. Knows names, opens no file.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TriviumError } from '@trivium/protocol';

/** What lies in the folder of a model, with all folders in it: they are gone through at every call. */
const mostEntries = 10_000;

const anything = /^/;
/** What a file of weights borrows from its folder. */
const textOfModel = /\.(?:json|jinja)$|^(?:1_Pooling|additional_chat_templates)$/i;
const splitPart = /^(.*-)\d{5}(-of-\d{5}\.gguf)$/is;

/**
 * Links at and below a model, each before what it leads to is looked into: whoever asks stops at one that leads out.
 * @param model absolute and real
 * @throws TriviumError `invalid-argument` for a folder of more than 10,000 entries, `io`; the signal's reason
 */
export async function* linksOfModel(model: string, signal?: AbortSignal): AsyncGenerator<string, void, void> {
  const isFolder = (await stat(model).catch(() => undefined))?.isDirectory() ?? false;
  const borrowed = isFolder ? anything : await borrowedBy(model);
  if (!borrowed) return;
  const first = isFolder ? model : dirname(model);
  const folders = new Set([first]);
  let entries = 0;
  for (const folder of folders) {
    signal?.throwIfAborted();
    for (const entry of await entriesOf(folder)) {
      if (folder === first && !borrowed.test(entry.name)) continue;
      entries += 1;
      if (entries > mostEntries) throw tooMany(model);
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.add(path);
      if (!entry.isSymbolicLink()) continue;
      yield path;
      const found = await stat(path).catch(() => undefined);
      if (found?.isDirectory()) folders.add(await realpath(path));
    }
  }
}

const quoted = (name: string) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** Names beside a file that the engine opens with it. */
async function borrowedBy(file: string): Promise<RegExp | undefined> {
  const [, before, after] = splitPart.exec(basename(file)) ?? [];
  if (before !== undefined) return new RegExp(`^${quoted(before)}\\d{5}${quoted(after!)}$`, 'i');
  if (!/\.safetensors$/i.test(file)) return undefined;
  const names = await readdir(dirname(file)).catch(() => []);
  // It names folders, and they may be called anything.
  return names.some((name) => /^modules\.json$/i.test(name)) ? anything : textOfModel;
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw TriviumError.from(error);
  }
}

const tooMany = (model: string) =>
  new TriviumError('invalid-argument', `${model} holds more than ${mostEntries} files.`, {
    file: model,
    expected: `a model's folder of at most ${mostEntries} files`,
    remedy: 'Give the model a folder of its own.',
  });
