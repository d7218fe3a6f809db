/**
 * Keeps callers inside one folder: every input field that the contract marks as a path or model is resolved, with its
 * symbolic links, and refused when it leaves the root. Knows schemas and paths, opens nothing.
 */
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { type AnyCapability, TriviumError } from '@trivium/protocol';
import { z } from 'zod';

/** Names of embedded models, which are no paths. */
const embeddedModels = new Set(['nano', 'nano-contextual']);

type Role = 'path' | 'model';

function roleOf(schema: z.ZodType): Role | undefined {
  const role = (z.globalRegistry.get(schema) as { role?: Role } | undefined)?.role;
  if (role) return role;
  const { innerType, element } = (
    schema as unknown as { def: { innerType?: z.ZodType; element?: z.ZodType } }
  ).def;
  const inside = innerType ?? element;
  return inside ? roleOf(inside) : undefined;
}

/** The fields of a capability that name files, and whether they are lists. */
export function pathFields(capability: AnyCapability): { field: string; role: Role; list: boolean }[] {
  const shape = ((capability.input as unknown as { shape?: Record<string, z.ZodType> }).shape ??
    {}) as Record<string, z.ZodType>;
  return Object.entries(shape).flatMap(([field, schema]) => {
    const role = roleOf(schema);
    return role ? [{ field, role, list: schema instanceof z.ZodArray }] : [];
  });
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

/** @throws TriviumError `outside-root` */
export async function insideRoot(root: string, path: string, field: string): Promise<string> {
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
  { root, hub }: Confinement,
): Promise<Record<string, unknown>> {
  const confined = { ...input };
  for (const { field, role, list } of pathFields(capability)) {
    const given = input[field];
    if (given === undefined) {
      if (role === 'path' && list) confined[field] = [await insideRoot(root, '.', field)];
      continue;
    }
    const one = async (value: unknown) => {
      if (typeof value !== 'string' || (role === 'model' && embeddedModels.has(value))) return value;
      if (role !== 'model' || !value.startsWith('hf:')) return insideRoot(root, value, field);
      if (hub) return value;
      throw new TriviumError('outside-root', `${value} is a model of the Hugging Face Hub.`, {
        field,
        found: value,
        expected: 'a model inside the root, or "nano"',
        remedy: 'Start the server with --allow-network to let it use and download such models.',
      });
    };
    confined[field] = Array.isArray(given) ? await Promise.all(given.map(one)) : await one(given);
  }
  return confined;
}

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
      key === 'path' && typeof item === 'string' && isAbsolute(item)
        ? shown(relative(root, item))
        : relativePaths(item, root),
    ]),
  );
}
