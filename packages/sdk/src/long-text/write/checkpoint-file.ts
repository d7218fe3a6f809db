/**
 * The file that keeps the state of a writing: what it was written from and with, and what is done. Replaced as a whole
 * (temporary name, fsync, rename), so that whatever stops the process leaves a whole file. A damaged file and a file of
 * another call are refused by a typed error, never overwritten.
 * Refuses to know: stages.
 */
import { createHash, randomUUID } from 'node:crypto';
import { open, readdir, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { contracts, TriviumError } from '@trivium/protocol';
import { z } from 'zod';

const format = 'trivium-write-checkpoint';
const version = 1;

const finishedUnit = z.object({
  text: z.string(),
  warnings: z.array(z.string()),
  usage: contracts.writeUsage,
  ms: z.number(),
  ended: z.enum(['deadline', 'budget']).optional(),
  rejected: z.boolean().optional(),
});

const body = z.object({
  format: z.literal(format),
  version: z.literal(version),
  /** What the call was given, by name: what differs can be said. */
  call: z.record(z.string(), z.string()),
  units: z.record(z.string(), finishedUnit),
});

/** One finished piece of work: a note, a part of the summary, a section. */
export type FinishedUnit = z.output<typeof finishedUnit>;
type CheckpointBody = z.output<typeof body>;
/** What a checkpoint belongs to: source, instruction and each setting, as strings. */
export type CallFacts = Readonly<Record<string, string>>;

const digest = (json: string) => createHash('sha256').update(json).digest('hex');

/**
 * The finished units of an earlier run, or none where there is no file.
 * @throws TriviumError `bad-format` for a damaged file, `invalid-argument` for one of another call and for a folder, `io`.
 */
export async function loadCheckpoint(file: string, facts: CallFacts): Promise<Record<string, FinishedUnit>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return {};
    if (code === 'EISDIR') throw isFolder(file, error);
    throw TriviumError.from(error);
  }
  const { call, units } = decode(file, text);
  for (const [name, expected] of Object.entries(facts)) {
    if (call[name] !== expected) throw differs(file, name, call[name], expected);
  }
  const unknown = Object.keys(call).find((name) => !(name in facts));
  if (unknown) throw differs(file, unknown, call[unknown], undefined);
  return units;
}

/** @throws TriviumError `io`, `not-found` where the folder is missing. */
export async function saveCheckpoint(
  file: string,
  facts: CallFacts,
  units: Readonly<Record<string, FinishedUnit>>,
): Promise<void> {
  const checkpoint: CheckpointBody = { format, version, call: { ...facts }, units: { ...units } };
  const json = JSON.stringify(checkpoint);
  const target = await targetOf(file);
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    const before = await stat(target).catch(() => undefined);
    const handle = await open(temporary, 'wx', 0o600);
    try {
      // For who may read it already.
      if (before) await handle.chmod(before.mode & 0o777);
      await handle.writeFile(`{"sha256":"${digest(json)}",\n"checkpoint":${json}}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw notSaved(file, error as NodeJS.ErrnoException);
  }
}

const isFolder = (file: string, cause: unknown) =>
  new TriviumError('invalid-argument', `${file} is a folder, and a checkpoint is a file.`, {
    file,
    field: 'checkpoint',
    remedy: 'Name a file in it.',
    cause,
  });

/** Where a link leads, for it stays one. */
const targetOf = (file: string) => realpath(file).catch(() => resolve(file));

/** How a temporary name goes on behind the checkpoint's. */
const temporaryEnd = /^\.[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/;
/** Milliseconds after which nobody is at work on a temporary file any more. */
const abandonedAfter = 60_000;

/** Whether a path is the checkpoint, or what a process that was killed left of one: no source of a writing. */
export async function checkpointNames(file: string): Promise<(path: string) => boolean> {
  const names = [resolve(file), await targetOf(file)];
  return (path) =>
    names.some((name) => {
      const absolute = resolve(path);
      return (
        absolute === name || (absolute.startsWith(name) && temporaryEnd.test(absolute.slice(name.length)))
      );
    });
}

/** Removes what processes that were killed while they saved it have left beside it; what cannot be removed stays. */
export async function removeAbandoned(file: string): Promise<void> {
  const target = await targetOf(file);
  const folder = dirname(target);
  const isTemporary = (name: string) =>
    name.startsWith(basename(target)) && temporaryEnd.test(name.slice(basename(target).length));
  const names = await readdir(folder).catch(() => []);
  for (const path of names.filter(isTemporary).map((name) => join(folder, name))) {
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > abandonedAfter) await unlink(path).catch(() => {});
  }
}

/** Said of the file that was named: nobody knows the temporary one. */
function notSaved(file: string, error: NodeJS.ErrnoException): TriviumError {
  const { code, message, remedy } = TriviumError.from(Object.assign(error, { path: file }));
  const details = { file, field: 'checkpoint', cause: error };
  if (code !== 'not-found') return new TriviumError(code, message, { ...details, remedy });
  return new TriviumError(code, `There is no folder ${dirname(file)} to keep the checkpoint in.`, {
    ...details,
    remedy: 'Create it, or name another file.',
  });
}

/** Makes the new name last through a loss of power, where the system can; Windows cannot open folders. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The file itself is whole either way.
  }
}

function decode(file: string, text: string): CheckpointBody {
  const damaged = (reason: string, cause?: unknown) =>
    new TriviumError('bad-format', `${file} is no whole checkpoint of a writing: ${reason}.`, {
      file,
      field: 'checkpoint',
      found: reason,
      expected: `a file of format ${format}, version ${version}`,
      remedy: 'Give another file, or delete this one to write from the beginning.',
      cause,
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw damaged('it is not JSON', error);
  }
  const { sha256, checkpoint } = (parsed ?? {}) as { sha256?: unknown; checkpoint?: unknown };
  const known = checkpoint as { format?: unknown; version?: unknown } | undefined;
  if (known?.format !== format) throw damaged('it has another format');
  if (known.version !== version) throw damaged(`it has version ${String(known.version)}`);
  if (sha256 !== digest(JSON.stringify(checkpoint))) throw damaged('its checksum differs');
  const result = body.safeParse(checkpoint);
  if (!result.success) throw damaged(z.prettifyError(result.error), result.error);
  return result.data;
}

function differs(
  file: string,
  name: string,
  found: string | undefined,
  expected: string | undefined,
): TriviumError {
  const isCut = name === 'passages';
  const what = isCut ? 'a source that was cut into other passages' : `another ${name}`;
  const given = isCut ? 'countTokens' : name;
  return new TriviumError('invalid-argument', `The checkpoint ${file} belongs to ${what}.`, {
    file,
    field: isCut || name === 'source' || name === 'instruction' ? given : `settings.${name}`,
    found: found ?? 'none',
    expected: expected ?? 'none',
    remedy: `Give the ${given} it was begun with, another checkpoint file, or delete it to write from the beginning.`,
  });
}
