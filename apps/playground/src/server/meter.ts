/** What the page itself measures of a call: that it runs, and how long its first piece of text took. */

export interface MeteredCall {
  /** A piece of text came. */
  readonly delta: () => void;
  readonly end: () => void;
}

export interface Meter {
  readonly begin: () => MeteredCall;
}

interface MeterState {
  running: number;
  /** Milliseconds from the last call to its first text. */
  firstTokenMs: number | undefined;
}

export function createMeter(onChange: (state: MeterState) => void): Meter {
  const state: MeterState = { running: 0, firstTokenMs: undefined };
  return {
    begin: () => {
      const startedMs = performance.now();
      let [hasText, hasEnded] = [false, false];
      state.running += 1;
      onChange(state);
      return {
        delta: () => {
          if (hasText) return;
          hasText = true;
          state.firstTokenMs = performance.now() - startedMs;
          onChange(state);
        },
        end: () => {
          if (hasEnded) return;
          hasEnded = true;
          state.running -= 1;
          onChange(state);
        },
      };
    },
  };
}
