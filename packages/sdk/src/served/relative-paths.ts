/** Outputs and steps in the words of a surface: a client never sees where on the machine the root is. */
import { basename, isAbsolute, relative } from 'node:path';
import { hideRoot, leadsOut } from './hide-root.js';

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
