/**
 * Keeps callers of a surface (HTTP, MCP) inside one folder: every input field that the contract marks as a path or model
 * is resolved, with its symbolic links, and refused when it leaves the root. Knows schemas and paths, opens nothing.
 */
import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { type AnyCapability, TriviumError } from '@trivium/protocol';
import { z } from 'zod';
import { nanoNames } from '../models/resolve-model.js';
import { hideRoot, leadsOut } from './hide-root.js';
import { assertNamed } from './scratch-paths.js';

type Role = 'path' | 'model';

const roleOf = (schema: z.ZodType) => (z.globalRegistry.get(schema) as { role?: Role } | undefined)?.role;

/** What is inside a schema: schemas that see the same value, schemas of what it holds, or such as nothing is known of. */
type Inside = { same: readonly z.ZodType[] } | Held | { hidden: readonly z.ZodType[] };

interface Held {
  isList: boolean;
  /** Of the items of a list, all alike. */
  element?: z.ZodType;
  /** Of fields, and of places in a tuple, by name. */
  named?: Record<string, z.ZodType>;
  /** Of every other field or place. */
  rest?: z.ZodType | null | undefined;
  /** Of the names of fields. */
  name?: z.ZodType;
}

const isSchema = (value: unknown): value is z.ZodType =>
  typeof (value as { safeParse?: unknown } | null | undefined)?.safeParse === 'function';

function insideOf(schema: z.ZodType): Inside {
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own fields
  const { def } = schema as unknown as { def: any };
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
      return { same: [def.innerType] };
    case 'lazy':
      return { same: [def.getter()] };
    case 'union':
      return { same: def.options };
    case 'intersection':
      return { same: [def.left, def.right] };
    case 'array':
      return { isList: true, element: def.element };
    case 'tuple':
      return { isList: true, named: { ...def.items }, rest: def.rest };
    case 'object':
      return { isList: false, named: def.shape, rest: def.catchall };
    case 'record':
      return { isList: false, name: def.keyType, rest: def.valueType };
    default:
      // A pipe too: values are confined before they are parsed, and it may make others of them.
      return { hidden: Object.values(def).flat().filter(isSchema) };
  }
}

const below = (field: string, key: string) => (field ? `${field}.${key}` : key);

interface PathField {
  /** `stages.polish.model` where the field lies within objects, `files.*` where it is any of them. */
  field: string;
  role: Role;
  list: boolean;
}

/** @param above the schemas around it: one that holds itself ends there */
function fieldsOf(schema: z.ZodType, field: string, above: readonly z.ZodType[] = []): PathField[] {
  const role = roleOf(schema);
  if (role) return [{ field, role, list: false }];
  if (above.includes(schema)) return [];
  const inside = insideOf(schema);
  const within = (part: z.ZodType, name = field) => fieldsOf(part, name, [...above, schema]);
  if ('same' in inside) return inside.same.flatMap((part) => within(part));
  if ('hidden' in inside) {
    // From the beginning: one of the schemas around it may stand in there again.
    if (inside.hidden.every((part) => fieldsOf(part, field, [schema]).length === 0)) return [];
    throw new TriviumError('unsupported', `A path inside a z.${schema.type}() cannot be confined.`, {
      field,
      expected: 'filePath() in objects, records, arrays, tuples and unions',
      remedy: 'Correct the contract of the plugin, or leave the plugin out.',
    });
  }
  const { element, named = {}, rest, name } = inside;
  return [
    ...(element ? within(element).map((found) => ({ ...found, list: true })) : []),
    ...Object.entries(named).flatMap(([key, part]) => within(part, below(field, key))),
    ...[name, rest].flatMap((part) => (part ? within(part, below(field, '*')) : [])),
  ];
}

const marked = new WeakMap<z.ZodType, boolean>();

/** Whether a value of this schema may name files; one that cannot is not walked through. */
function namesFiles(schema: z.ZodType): boolean {
  const known = marked.get(schema) ?? fieldsOf(schema, '').length > 0;
  marked.set(schema, known);
  return known;
}

/**
 * The fields of a capability that name files, those within objects included, and whether they are lists.
 * @throws TriviumError `unsupported` where one lies in a schema that cannot be followed
 */
export function pathFields(capability: AnyCapability): PathField[] {
  return fieldsOf(capability.input, '');
}

/** Links that are followed one after the other, as Linux has it; those in a circle cannot be opened by anybody. */
const mostLinks = 40;

/**
 * The real path of the nearest existing ancestor, with the rest appended: a file may not exist yet. A link that leads nowhere is
 * followed all the same, for what is written through it lies there.
 */
async function real(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    if (parent === path) return path;
    const target = links < mostLinks ? await readlink(path).catch(() => undefined) : undefined;
    if (target !== undefined) return real(resolve(await real(parent, links + 1), target), links + 1);
    return resolve(await real(parent, links), relative(parent, path));
  }
}

/** Characters of a path, as Linux has it in bytes. Where nothing of it is there, each of its parts is asked for. */
const mostCharacters = 4096;

/** @throws TriviumError `outside-root`, `invalid-argument` for what can be no path */
export async function insideRoot(root: string, path: string, field: string): Promise<string> {
  if (path.length > mostCharacters) {
    throw new TriviumError('invalid-argument', `A path is longer than ${mostCharacters} characters.`, {
      field,
      expected: `at most ${mostCharacters} characters`,
      found: `${path.length}`,
      remedy: 'Correct the path.',
    });
  }
  if (path.includes('\0')) {
    throw new TriviumError('invalid-argument', 'A path holds no null character.', {
      field,
      remedy: 'Correct the path.',
    });
  }
  const base = await realpath(root);
  const target = isAbsolute(path) ? path : resolve(base, path);
  const found = await real(target);
  if (found === base || found.startsWith(base.endsWith(sep) ? base : base + sep)) return found;
  throw new TriviumError('outside-root', `${path} is outside the folder this server may read.`, {
    field,
    file: path,
    expected: 'a path inside the root',
    remedy: 'Give a path relative to the root, or start the server with another --root.',
  });
}

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
 * A reference to a model that a caller may use: embedded, inside the root, or of the hub where that is allowed.
 * @throws TriviumError `outside-root`
 */
export async function confineModel(
  value: string,
  { root, hub }: Confinement,
  field: string,
): Promise<string> {
  if (nanoNames.includes(value)) return value;
  if (!value.startsWith('hf:')) return confinePath(root, value, field);
  if (hub) return value;
  throw new TriviumError('outside-root', `${value} is a model of the Hugging Face Hub.`, {
    field,
    found: value,
    expected: 'a model inside the root, or "nano"',
    remedy: 'Start the server with --allow-network to let it use and download such models.',
  });
}

/** Fields of outputs that name files. */
const pathKeys = new Set(['path', 'model']);

/** What lies outside the root (a model in the cache) keeps its name only. */
const shown = (path: string) => (leadsOut(path) ? basename(path) : path || '.');

/** Whether a field of an output says something of files in words of ours. */
const isSentence = (key: string, { type }: { type?: unknown }) =>
  key === 'warnings' || key === 'reason' || (key === 'message' && type === 'warning');

/** What JSON makes of a value before it looks inside: a date says itself, and has nothing inside that would. */
function jsonOf(value: unknown, key: string): unknown {
  if (value === null || typeof value !== 'object') return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === 'function' ? toJSON.call(value, key) : value;
}

/** An output or a step as JSON has it, with paths relative to the root: a client never sees where on the machine the root is. */
export function relativePaths(output: unknown, root: string): unknown {
  return shownInside(jsonOf(output, ''), root);
}

/** @param value after `jsonOf`, as everywhere below */
function shownInside(value: unknown, root: string): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item, index) => shownInside(jsonOf(item, `${index}`), root));
  const shownOf = (key: string, item: unknown) => {
    if (pathKeys.has(key) && typeof item === 'string' && isAbsolute(item)) return shown(relative(root, item));
    return isSentence(key, value) ? sentencesOf(item, root) : shownInside(item, root);
  };
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, shownOf(key, jsonOf(item, key))]),
  );
}

function sentencesOf(said: unknown, root: string): unknown {
  if (Array.isArray(said)) return said.map((one, index) => sentencesOf(jsonOf(one, `${index}`), root));
  return typeof said === 'string' ? hideRoot(said, root) : shownInside(said, root);
}
