/** A repository at a commit, as plain data: what the hub said, and what the cache keeps of it. */
import { z } from 'zod';
import { staysInside } from './hub-reference.js';

export const hubFile = z.object({
  /** Inside the repository, with `/`. */
  path: z.string().refine(staysInside),
  bytes: z.number().int().min(0),
  /** Of the content for files in large storage, of git's blob for the rest; absent where nobody told. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  gitSha1: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
});

export const hubListing = z.object({
  repo: z.string(),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  files: z.array(hubFile),
});

export type HubFile = z.output<typeof hubFile>;
export type HubListing = z.output<typeof hubListing>;
