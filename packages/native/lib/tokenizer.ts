/** The tokenizer's public face over the addon's. */
import type { RawTokenizer } from './addon.js';
import { translatedSync } from './errors.js';
import { grammarCompiler } from './grammar.js';
import { tokenIds } from './integers.js';
import type { EncodeOptions, TokenizeOptions, Tokenizer } from './types.js';
import { cancellable } from './unless-aborted.js';

export function toTokenizer(raw: RawTokenizer): Tokenizer {
  const flags = ({ addSpecialTokens = true, parseSpecialTokens = false }: TokenizeOptions = {}) =>
    [addSpecialTokens, parseSpecialTokens] as const;
  const encodeBatch = (texts: readonly string[], options?: EncodeOptions) =>
    cancellable(options?.signal, (cancelled) => raw.encodeBatch(texts, ...flags(options), cancelled));
  let specialTokens: string[] | undefined;
  return {
    vocabularySize: raw.vocabularySize,
    get specialTokens() {
      specialTokens ??= raw.specialTokens();
      return specialTokens;
    },
    encode: async (text, options) => (await encodeBatch([text], options))[0]!,
    encodeBatch,
    encodeSpans: (text, options) =>
      cancellable(options?.signal, (cancelled) => raw.encodeSpans(text, ...flags(options), cancelled)),
    encodeSync: (text, options) => translatedSync(() => raw.encodeSync(text, ...flags(options))),
    decode: (tokens, { skipSpecialTokens = true } = {}) =>
      translatedSync(() => raw.decode(tokenIds(tokens), skipSpecialTokens)),
    tokenText: (id) => translatedSync(() => raw.tokenText(id)),
    tokenBytes: (id) => raw.tokenBytes(id),
    idOf: (token) => {
      const id = raw.idOf(token);
      return id < 0 ? undefined : id;
    },
    compileGrammar: grammarCompiler((description, cancelled) => raw.compileGrammar(description, cancelled))
      .compile,
  };
}
