/** Grammars over the addon: compiled off the event loop, the last ones kept by what they were made of. */
import { TriviumError } from '@trivium/protocol/errors';
import type { RawGrammar } from './addon.js';
import { translated, translatedSync } from './errors.js';
import type { Grammar, GrammarSource } from './grammar-types.js';

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

export type CompileGrammar = (source: GrammarSource) => Promise<Grammar>;

/**
 * @example
 * const compile = grammarCompiler((description) => raw.compileGrammar(description));
 * await compile({ type: 'choice', choices: ['yes', 'no'] });
 */
export function grammarCompiler(compile: (description: string) => Promise<RawGrammar>): CompileGrammar {
  const kept = new Map<string, Promise<Grammar>>();
  return async (source) => {
    const description = JSON.stringify(source);
    const found = kept.get(description);
    if (found) {
      kept.delete(description);
      kept.set(description, found);
      return found;
    }
    const made = translated(() => compile(description)).then(toGrammar);
    kept.set(description, made);
    made.catch(() => kept.delete(description));
    if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
    return made;
  };
}

function toGrammar(raw: RawGrammar): Grammar {
  const grammar: Grammar = {
    shortestTokens: raw.shortestTokens,
    matches: (text) => raw.matches(text),
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
        rollBack: (tokens) => matcher.rollBack(tokens),
        completion: () => matcher.completion(),
      };
    },
  };
  raws.set(grammar, raw);
  return grammar;
}
