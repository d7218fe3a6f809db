/** Figures as people read them, in the language of the page. */
const whole = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export const count = (value: number): string => whole.format(Math.round(value));

export function bytes(value: number): string {
  if (value < 1000) return `${count(value)} B`;
  if (value < 1e6) return `${short.format(value / 1e3)} kB`;
  return value < 1e9 ? `${short.format(value / 1e6)} MB` : `${short.format(value / 1e9)} GB`;
}

export const duration = (ms: number): string =>
  ms < 1000
    ? `${count(ms)} ms`
    : ms < 60_000
      ? `${short.format(ms / 1000)} s`
      : `${short.format(ms / 60_000)} min`;

export const rate = (tokensPerSecond: number): string =>
  tokensPerSecond < 100 ? short.format(tokensPerSecond) : count(tokensPerSecond);
