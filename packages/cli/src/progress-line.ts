/**
 * Progress on standard error: one line that is written over on a terminal; elsewhere, in a log or a pipe, a line now and then,
 * and none of what is done soon.
 */
import { endWithin, widthOf } from './terminal-width.js';
import { visible } from './visible.js';

/** What a line can show: documents that are read, bytes that are fetched, sections that are written. */
interface Progress {
  type?: string;
  path?: string;
  done?: number;
  total?: number;
  /** Of downloads. */
  file?: string;
  bytes?: number;
  totalBytes?: number;
  /** Of loading, 0 to 1. */
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

interface Step {
  label: string;
  done: number;
  total: number;
  /** Of many steps a second, of which a terminal need not show each. */
  isFrequent?: boolean;
  figures?: string;
}

/** How far the work has come, where the event says it. */
function stepOf(event: Progress): Step | undefined {
  const { type, path = '', done = 0, total = 0, stage = '', section = 1, sections = 0 } = event;
  if (type === 'job-progress') return stepOf((event.progress ?? {}) as Progress);
  if (type === 'read-progress') return { label: path, done, total, isFrequent: true };
  if (type === 'stage-start') return { label: stage, done: 0, total: 0 };
  if (type === 'section-start') return { label: stage, done: section - 1, total: sections };
  if (type === 'chunk-end')
    return { label: stage ? `${stage}: notes` : 'notes', done: event.chunk ?? 0, total: event.chunks ?? 0 };
  if (type === 'load-progress') {
    const percent = Math.round((event.share ?? 0) * 100);
    return { label: 'loading', done: percent, total: 100, isFrequent: true, figures: `${percent} %` };
  }
  // What plugins report: anything that says how much is done.
  if (type !== 'download-progress')
    return done > 0 ? { label: type ?? '', done, total, isFrequent: true } : undefined;
  const { file = '', bytes = 0, totalBytes = 0 } = event;
  const figures = `${megabytes(bytes)}/${megabytes(totalBytes)} MB`;
  return { label: file, done: bytes, total: totalBytes, isFrequent: true, figures };
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)}`;

/** Where lines stay, one in so many milliseconds is enough to see that the work goes on. */
const lineEveryMs = 10_000;

const barWidth = 24;
/** A bar that leaves less than this for the rest is left out. */
const leastLabel = 10;

export class ProgressLine {
  #shown = false;
  /** When something was shown; of lines that stay, the start counts as that. */
  #last = Date.now();
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  update(event: Progress): void {
    const step = stepOf(event);
    if (!step) return;
    const { done, total, figures = total > 0 ? `${done}/${total}` : '' } = step;
    // Plugins may mean something else by these fields.
    const label = visible(String(step.label));
    if (!this.#stream.isTTY) {
      if (Date.now() - this.#last < lineEveryMs) return;
      this.#last = Date.now();
      this.#stream.write(`trivium: ${[label, figures].filter(Boolean).join(' ')}\n`);
      return;
    }
    // A terminal gains nothing from more than some 20 updates a second.
    if (step.isFrequent && Date.now() - this.#last < 50 && done < total) return;
    this.#last = Date.now();
    // In the last column some terminals begin a new line, and a line that has wrapped is not written over.
    const columns = (this.#stream.columns || 80) - 1;
    const filled = total > 0 ? Math.min(barWidth, Math.round((barWidth * done) / total)) : 0;
    const bar = `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
    const fits = columns - barWidth - widthOf(figures) - 2 >= Math.min(leastLabel, widthOf(label));
    const before = [fits && bar, figures].filter(Boolean).join(' ');
    const shown = endWithin(label, columns - widthOf(before) - 1);
    this.#stream.write(`\r\x1b[2K${endWithin([before, shown].filter(Boolean).join(' '), columns)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#stream.write('\r\x1b[2K');
    this.#shown = false;
  }
}
