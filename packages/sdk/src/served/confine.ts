/**
 * Keeps callers of a surface (HTTP, MCP) inside one folder: every input field that the contract marks as a path or model
 * is resolved, with its symbolic links, and refused when it leaves the root, and so is a model of which a part would. Knows
 * schemas and paths, opens no file.
 */
import { realpath } from 'node:fs/promises';
import { type AnyCapability, TriviumError } from '@trivium/protocol';
import type { z } from 'zod';
import { insideRoot } from '../base/inside-root.js';
import { nanoNames } from '../models/resolve-model.js';
import { linksOfModel } from './model-links.js';
import { below, type Held, insideOf, namesFiles, pathFields, type Role, roleOf } from './path-fields.js';
import { assertNamed } from './scratch-paths.js';

/** Paths and models that one call names, all its fields together: each is asked for on the disk. */
const mostNames = 10_000;

export interface Confinement {
  root: string;
  /** Whether a model may be one of the Hugging Face Hub, which is downloaded into a cache outside the root. */
  hub: boolean;
}

/**
 * The input with every path resolved inside the root, and out of scratch folders that it does not name; a missing list of paths
 * means the root itself.
 * @param signal of whoever asks: once it aborts, the rest is left
 * @throws TriviumError `outside-root`, `invalid-argument` for more than 10,000 paths, and as `pathFields`; the signal's reason
 */
export async function confine(
  capability: AnyCapability,
  input: Record<string, unknown>,
  confinement: Confinement,
  signal?: AbortSignal,
): Promise<Record<string, unknown>> {
  const fields = pathFields(capability);
  const walk: Walk = { ...confinement, signal, names: 0 };
  const confined = (await confineValue(capability.input, input, walk, '')) as Record<string, unknown>;
  for (const { field, role, list } of fields) {
    if (role === 'path' && list && !field.includes('.') && confined[field] === undefined)
      confined[field] = [await insideRoot(confinement.root, '.', field)];
  }
  return confined;
}

interface Walk extends Confinement {
  signal: AbortSignal | undefined;
  /** Those that were met. */
  names: number;
}

/** The value with every string that its schema marks resolved; what does not fit the schema is left to its check. */
async function confineValue(schema: z.ZodType, value: unknown, walk: Walk, field: string): Promise<unknown> {
  const role = roleOf(schema);
  if (role) return typeof value === 'string' ? confineString(role, value, walk, field) : value;
  if (!namesFiles(schema)) return value;
  const inside = insideOf(schema);
  if ('hidden' in inside) return value;
  if ('same' in inside) {
    let confined = value === undefined ? defaultPath(schema) : value;
    for (const part of inside.same) confined = await confineValue(part, confined, walk, field);
    return confined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== inside.isList) return value;
  return confineHeld(inside, value, walk, field);
}

/** What is filled in for a path, or what holds paths, that is left out: it means the root's, not this process's folder. */
function defaultPath(schema: z.ZodType): unknown {
  const { type, defaultValue } = (schema as unknown as { def: { type: string; defaultValue?: unknown } }).def;
  return type === 'default' || type === 'prefault' ? defaultValue : undefined;
}

/** One after the other: others find the disk free between two. */
async function confineHeld(
  { isList, element, named = {}, rest, name }: Held,
  value: object,
  walk: Walk,
  field: string,
): Promise<unknown> {
  const confined = (schema: z.ZodType | null | undefined, item: unknown, at: string) =>
    schema ? confineValue(schema, item, walk, at) : item;
  const given = value as Record<string, unknown>;
  const keys = isList ? Object.keys(value) : [...new Set([...Object.keys(value), ...Object.keys(named)])];
  const settled: [unknown, unknown, string][] = [];
  for (const key of keys) {
    const at = element ? field : below(field, key);
    const schema = element ?? (Object.hasOwn(named, key) ? named[key] : rest);
    settled.push([await confined(name, key, at), await confined(schema, given[key], at), key]);
  }
  if (isList) return settled.map(([, item]) => item);
  // What was left out stays so, unless its default names files.
  const kept = settled.filter(([, item, key]) => item !== undefined || Object.hasOwn(value, key));
  return Object.fromEntries(kept.map(([key, item]) => [key, item]));
}

async function confineString(role: Role, value: string, walk: Walk, field: string): Promise<string> {
  walk.signal?.throwIfAborted();
  walk.names += 1;
  if (walk.names > mostNames) {
    throw new TriviumError('invalid-argument', `A call names more than ${mostNames} paths.`, {
      field,
      expected: `at most ${mostNames}`,
      remedy: 'Name the folder that they lie in, or a glob.',
    });
  }
  return role === 'model' ? confineModel(value, walk, field) : confinePath(walk.root, value, field);
}

/**
 * A path that a caller may use: inside the root, and in no scratch folder but one that it names.
 * @throws TriviumError as `insideRoot`
 */
export async function confinePath(root: string, path: string, field: string): Promise<string> {
  const found = await insideRoot(root, path, field);
  await assertNamed(found, await realpath(root), field);
  return found;
}

/**
 * A reference to a model that a caller may use: embedded, inside the root with all that the engine opens for it, or of the hub
 * where that is allowed. Links are looked at before the engine follows them: whoever puts one there in between may write into the
 * root, and could have it read what this process may read. No caller can, for none makes links.
 * @throws TriviumError `outside-root`, and as `linksOfModel`
 */
export async function confineModel(
  value: string,
  { root, hub, signal }: Confinement & { signal?: AbortSignal | undefined },
  field: string,
): Promise<string> {
  if (nanoNames.includes(value)) return value;
  if (!value.startsWith('hf:')) {
    const found = await confinePath(root, value, field);
    for await (const link of linksOfModel(found, signal)) await confinePath(root, link, field);
    return found;
  }
  if (hub) return value;
  throw new TriviumError('outside-root', `${value} is a model of the Hugging Face Hub.`, {
    field,
    found: value,
    expected: 'a model inside the root, or "nano"',
    remedy: 'Start the server with --allow-network to let it use and download such models.',
  });
}
