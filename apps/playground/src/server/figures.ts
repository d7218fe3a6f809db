/** The server's figures, read from its `/metrics` (the text format of Prometheus). Bytes and tokens. */

export interface Figures {
  atMs: number;
  /** When the server's process began, in seconds of Unix time. */
  startedAt: number;
  /** Of the whole process. */
  residentBytes: number;
  weightBytes: number;
  kvBytes: number;
  kvUsedBytes: number;
  /** Tokens since the server began. */
  inputTokens: number;
  outputTokens: number;
}

export function figuresOf(text: string, atMs: number): Figures {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const blank = line.lastIndexOf(' ');
    if (!line.startsWith('#') && blank > 0) samples.set(line.slice(0, blank), Number(line.slice(blank + 1)));
  }
  const figure = (name: string) => samples.get(name) ?? 0;
  return {
    atMs,
    startedAt: figure('process_start_time_seconds'),
    residentBytes: figure('process_resident_memory_bytes'),
    weightBytes: figure('trivium_engine_bytes{kind="weights"}'),
    kvBytes: figure('trivium_engine_bytes{kind="kv"}'),
    kvUsedBytes: figure('trivium_engine_bytes{kind="kv_used"}'),
    inputTokens: figure('trivium_engine_tokens_total{kind="prefill"}'),
    outputTokens: figure('trivium_engine_tokens_total{kind="decode"}'),
  };
}

/** Tokens a second that were written between two looks; 0 where the server began anew between them. */
export const outputRate = (before: Figures, now: Figures): number =>
  Math.max(0, ((now.outputTokens - before.outputTokens) * 1000) / Math.max(1, now.atMs - before.atMs));
