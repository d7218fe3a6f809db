/**
 * Keeps callers of a surface (HTTP, MCP) inside one folder: every input field that the contract marks as a path or model
 * is resolved, with its symbolic links, and refused when it leaves the root. Knows schemas and paths, opens nothing.
 */
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { type AnyCapability, TriviumError } from '@trivium/protocol';
import { z } from 'zod';

/** Names of embedded models, which are no paths. */
const embeddedModels = new Set(['nano', 'nano-contextual']);

type Role = 'path' | 'model';

interface Definition {
  innerType?: z.ZodType;
  element?: z.ZodType;
  options?: readonly z.ZodType[];
  shape?: Record<string, z.ZodType>;
}

const definitionOf = (schema: z.ZodType) => (schema as unknown as { def: Definition }).def;

const roleOf = (schema: z.ZodType) => (z.globalRegistry.get(schema) as { role?: Role } | undefined)?.role;

interface PathField {
  /** `stages.polish.model` where the field lies within objects. */
  field: string;
  role: Role;
  list: boolean;
}

function fieldsOf(schema: z.ZodType, field: string): PathField[] {
  const role = roleOf(schema);
  if (role) return [{ field, role, list: false }];
  const { innerType, element, options, shape } = definitionOf(schema);
  if (innerType) return fieldsOf(innerType, field);
  if (element) return fieldsOf(element, field).map((inside) => ({ ...inside, list: true }));
  if (options) return options.flatMap((option) => fieldsOf(option, field));
  return Object.entries(shape ?? {}).flatMap(([key, inside]) =>
    fieldsOf(inside, field ? `${field}.${key}` : key),
  );
}

/** The fields of a capability that name files, those within objects included, and whether they are lists. */
export function pathFields(capability: AnyCapability): PathField[] {
  return fieldsOf(capability.input, '');
}

/** The real path of the nearest existing ancestor, with the rest appended: a file may not exist yet. */
async function real(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : resolve(await real(parent), relative(parent, path));
  }
}

/** @throws TriviumError `outside-root`, `invalid-argument` for what can be no path */
export async function insideRoot(root: string, path: string, field: string): Promise<string> {
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

export interface Confinement {
  root: string;
  /** Whether a model may be one of the Hugging Face Hub, which is downloaded into a cache outside the root. */
  hub: boolean;
}

/**
 * The input with every path resolved inside the root; a missing list of paths means the root itself.
 * @throws TriviumError `outside-root`
 */
export async function confine(
  capability: AnyCapability,
  input: Record<string, unknown>,
  confinement: Confinement,
): Promise<Record<string, unknown>> {
  const confined = (await confineValue(capability.input, input, confinement, '')) as Record<string, unknown>;
  for (const { field, role, list } of pathFields(capability)) {
    if (role === 'path' && list && !field.includes('.') && input[field] === undefined)
      confined[field] = [await insideRoot(confinement.root, '.', field)];
  }
  return confined;
}

/** The value with every string that its schema marks resolved; what does not fit the schema is left to its check. */
async function confineValue(
  schema: z.ZodType,
  value: unknown,
  confinement: Confinement,
  field: string,
): Promise<unknown> {
  const role = roleOf(schema);
  if (role) return typeof value === 'string' ? confineString(role, value, confinement, field) : value;
  const { innerType, element, options, shape } = definitionOf(schema);
  if (innerType) return confineValue(innerType, value, confinement, field);
  if (element && Array.isArray(value))
    return Promise.all(value.map((item) => confineValue(element, item, confinement, field)));
  let confined = value;
  for (const option of options ?? []) confined = await confineValue(option, confined, confinement, field);
  if (!shape || typeof value !== 'object' || value === null || Array.isArray(value)) return confined;
  const entries = Object.entries(value).map(async ([key, inside]) => {
    const known = Object.hasOwn(shape, key) ? shape[key] : undefined;
    const name = field ? `${field}.${key}` : key;
    return [key, known ? await confineValue(known, inside, confinement, name) : inside] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

const confineString = (role: Role, value: string, confinement: Confinement, field: string) =>
  role === 'model' ? confineModel(value, confinement, field) : insideRoot(confinement.root, value, field);

/**
 * A reference to a model that a caller may use: embedded, inside the root, or of the hub where that is allowed.
 * @throws TriviumError `outside-root`
 */
export async function confineModel(
  value: string,
  { root, hub }: Confinement,
  field: string,
): Promise<string> {
  if (embeddedModels.has(value)) return value;
  if (!value.startsWith('hf:')) return insideRoot(root, value, field);
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
const shown = (path: string) =>
  /^\.\.([\\/]|$)/.test(path) || isAbsolute(path) ? basename(path) : path || '.';

/** Paths of an output relative to the root, so that a client never sees where on the machine the root is. */
export function relativePaths(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((item) => relativePaths(item, root));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      pathKeys.has(key) && typeof item === 'string' && isAbsolute(item)
        ? shown(relative(root, item))
        : relativePaths(item, root),
    ]),
  );
}
