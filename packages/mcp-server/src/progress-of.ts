/** What capabilities report while they work, as MCP tells it. Refuses to know who is told. */
import { type AnyCapability, contracts } from '@trivium/protocol';
import type { Progress } from './surface/surface.js';

interface AnyStep {
  type?: string;
  done?: number;
  total?: number;
  path?: string;
  text?: string;
  /** Of warnings. */
  message?: string;
  /** Of downloads. */
  file?: string;
  bytes?: number;
  totalBytes?: number;
  /** Of loading. */
  share?: number;
  /** Of staged writing. */
  stage?: string;
  section?: number;
  sections?: number;
  /** Of sources that become notes. */
  chunk?: number;
  chunks?: number;
  /** Of jobs that are watched: what the job's own work reports. */
  progress?: unknown;
}

/** What a client is told of a step: how far, and in a few words what. */
export function progressOf(
  step: unknown,
  { commandLine, progress }: Pick<AnyCapability, 'commandLine' | 'progress'>,
): Progress | undefined {
  const { type, text, stage, section, sections, chunk, chunks, ...rest } = (step ?? {}) as AnyStep;
  // Whether the text of a job is a draft is not known here; it stands in the job's output.
  if (type === 'job-progress')
    return progressOf(rest.progress, { progress, commandLine: { deltas: 'drafts' } });
  const name = rest.path?.split(/[\\/]/).at(-1);
  if (type === 'read-progress') return figures(rest.done, rest.total, name);
  if (type === 'warning') return figures(0, undefined, [name, rest.message].filter(Boolean).join(': '));
  if (type === 'download-progress' && progress === contracts.downloadProgress)
    return figures(rest.bytes, rest.totalBytes, rest.file);
  // Before other work, which counts otherwise: progress must grow.
  if (type === 'download-progress')
    return figures(0, undefined, percent(rest.bytes, rest.totalBytes, rest.file));
  if (type === 'load-progress') return figures(0, undefined, percent(rest.share, 1, 'loading'));
  if (type === 'text-delta' && text !== undefined && commandLine?.deltas !== 'drafts')
    return figures(0, undefined, text);
  if (type === 'stage-start' && stage) return figures(0, undefined, stage);
  if (type === 'section-start') return figures(0, undefined, `${stage} ${section}/${sections}`);
  if (type === 'chunk-end') return figures(0, undefined, `notes ${chunk}/${chunks}`);
  // What plugins report: anything that says how much is done.
  return rest.done === undefined ? undefined : figures(rest.done, rest.total, undefined);
}

const percent = (done = 0, total = 1, what = '') =>
  `${what} ${Math.round((100 * done) / Math.max(total, 1))} %`;

const figures = (done = 0, total: number | undefined, message: string | undefined): Progress => ({
  done,
  ...(total !== undefined && { total }),
  ...(message && { message }),
});
