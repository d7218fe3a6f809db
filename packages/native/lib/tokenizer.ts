/** The tokenizer's public face over the addon's. */
import type { RawTokenizer } from './addon.js';
import { translated, translatedSync } from './errors.js';
import { grammarCompiler } from './grammar.js';
import type { TokenizeOptions, Tokenizer } from './types.js';

export function toTokenizer(raw: RawTokenizer): Tokenizer {
  const flags = ({ addSpecialTokens = true, parseSpecialTokens = false }: TokenizeOptions = {}) =>
    [addSpecialTokens, parseSpecialTokens] as const;
  let specialTokens: string[] | undefined;
  return {
    vocabularySize: raw.vocabularySize,
    get specialTokens() {
      specialTokens ??= raw.specialTokens();
      return specialTokens;
    },
    encode: async (text, options) => (await translated(() => raw.encodeBatch([text], ...flags(options))))[0]!,
    encodeBatch: (texts, options) => translated(() => raw.encodeBatch(texts, ...flags(options))),
    encodeSpans: (text, options) => translated(() => raw.encodeSpans(text, ...flags(options))),
    encodeSync: (text, options) => translatedSync(() => raw.encodeSync(text, ...flags(options))),
    decode: (tokens, { skipSpecialTokens = true } = {}) =>
      translatedSync(() => raw.decode(Int32Array.from(tokens), skipSpecialTokens)),
    tokenText: (id) => translatedSync(() => raw.tokenText(id)),
    idOf: (token) => {
      const id = raw.idOf(token);
      return id < 0 ? undefined : id;
    },
    compileGrammar: grammarCompiler((description, cancelled) => raw.compileGrammar(description, cancelled))
      .compile,
  };
}
