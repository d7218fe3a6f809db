/**
 * Grammars over the addon: compiled off the event loop, once for all who wait for the same, and no longer than somebody does;
 * the last ones kept by what they were made of.
 */
import { TriviumError } from '@trivium/protocol/errors';
import type { RawGrammar } from './addon.js';
import { translated, translatedSync } from './errors.js';
import type { CompileOptions, Grammar, GrammarSource } from './grammar-types.js';

const mostKept = 64;
const raws = new WeakMap<Grammar, RawGrammar>();

export const rawOf = (grammar: Grammar): RawGrammar => {
  const raw = raws.get(grammar);
  if (raw) return raw;
  throw new TriviumError('invalid-argument', 'grammar is no compiled grammar.', {
    field: 'grammar',
    expected: 'what compileGrammar of the same model has answered',
    remedy: 'Compile it with this model, or give its source.',
  });
};

export const isCompiled = (grammar: Grammar | GrammarSource): grammar is Grammar =>
  raws.has(grammar as Grammar);

/** Gives up once `cancelled[0]` is 1. */
type CompileRaw = (description: string, cancelled: Uint8Array) => Promise<RawGrammar>;

export interface GrammarCompiler {
  /** @throws TriviumError `unsupported`, `invalid-argument`; the abort reason, what `stop` was given */
  compile(source: GrammarSource, options?: CompileOptions): Promise<Grammar>;
  /** Keeps none any more and ends what is being compiled: everybody who waits for it gets the error. */
  stop(error: TriviumError): void;
}

/** As JSON of whole characters: half of one, as a text that was cut ends with, stands for U+FFFD. */
const toDescription = (source: GrammarSource) =>
  `${JSON.stringify(source)}`.replace(/\\(?:(ud[89a-f])..|.)/g, (escaped, half) =>
    half ? '\ufffd' : escaped,
  );

/** A grammar that is there, or is being compiled for all who asked for it. */
class Compiled {
  readonly grammar: Promise<Grammar>;
  readonly #cancelled = new Uint8Array(1);
  #waiting = 0;
  #stopped: TriviumError | undefined;

  constructor(compile: CompileRaw, description: string) {
    this.grammar = translated(() => compile(description, this.#cancelled)).then(toGrammar, (error) => {
      throw this.#stopped ?? error;
    });
  }

  stop(error?: TriviumError): void {
    this.#stopped ??= error;
    Atomics.store(this.#cancelled, 0, 1);
  }

  /** The grammar, for somebody who may leave. @param abandoned called when nobody waits for it any more */
  waitFor(signal: AbortSignal | undefined, abandoned: () => void): Promise<Grammar> {
    this.#waiting += 1;
    if (!signal) return this.grammar;
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(signal.reason);
        this.#waiting -= 1;
        if (this.#waiting === 0) abandoned();
      };
      signal.addEventListener('abort', leave, { once: true });
      const stay = () => signal.removeEventListener('abort', leave);
      this.grammar.then(resolve, reject).finally(stay);
    });
  }
}

/**
 * @example
 * const { compile } = grammarCompiler((description, cancelled) => raw.compileGrammar(description, cancelled));
 * await compile({ type: 'choice', choices: ['yes', 'no'] });
 */
export function grammarCompiler(compileRaw: CompileRaw): GrammarCompiler {
  const kept = new Map<string, Compiled>();
  /** Those that are not there yet, kept or not. */
  const running = new Set<Compiled>();

  const begin = (description: string): Compiled => {
    const compiled = new Compiled(compileRaw, description);
    running.add(compiled);
    compiled.grammar.catch(() => forget(description, compiled)).finally(() => running.delete(compiled));
    return compiled;
  };
  const forget = (description: string, compiled: Compiled) => {
    if (kept.get(description) === compiled) kept.delete(description);
  };

  return {
    async compile(source, { signal } = {}) {
      signal?.throwIfAborted();
      const description = toDescription(source);
      const compiled = kept.get(description) ?? begin(description);
      kept.delete(description);
      kept.set(description, compiled);
      if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
      return compiled.waitFor(signal, () => {
        forget(description, compiled);
        compiled.stop();
      });
    },
    stop(error) {
      kept.clear();
      for (const compiled of running) compiled.stop(error);
    },
  };
}

function toGrammar(raw: RawGrammar): Grammar {
  const grammar: Grammar = {
    shortestTokens: raw.shortestTokens,
    matches: (text) => translatedSync(() => raw.matches(text)),
    matcher: () => {
      const matcher = raw.matcher();
      return {
        allowed: () => translatedSync(() => matcher.allowed()),
        get mayEnd() {
          return matcher.mayEnd;
        },
        get maskMs() {
          return matcher.maskMs;
        },
        accept: (token) => matcher.accept(token),
        completion: () => matcher.completion(),
      };
    },
  };
  raws.set(grammar, raw);
  return grammar;
}
