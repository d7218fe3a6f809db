// What a text may be: the typed face of grammars. Descriptions are plain data; the engine compiles them.

/** A grammar as it is asked for. Every text that is written under it satisfies it as a whole. */
export type GrammarSource =
  | {
      type: 'json-schema';
      /**
       * Draft 2020-12, or draft 7 as tools write it. What a grammar cannot say (`not`, `if`, `uniqueItems`, `contains`,
       * look-behind, …) is refused by name with its JSON pointer, and so is what no value satisfies. Of formats `date`, `time`,
       * `date-time`, `duration`, `uuid`, `email`, `hostname`, `ipv4`, `ipv6`, `uri`, `uri-reference`, `uri-template`,
       * `json-pointer`, `relative-json-pointer` and `jwt` are held to; others say nothing, as in the standard.
       * `nullable` of OpenAPI allows null beside a type.
       */
      schema: unknown;
      /** What errors call it. */
      name?: string;
    }
  /** ECMA-262 with the `u` flag; the pattern is the whole text. */
  | { type: 'regex'; pattern: string }
  /** In the notation of GBNF; the text is what the rule `root` derives. */
  | { type: 'context-free'; grammar: string }
  | { type: 'choice'; choices: readonly string[] }
  /** That text, that special token, any text, any text up to and with the first marker, any text without it. */
  | { type: 'literal'; text: string }
  | { type: 'special'; token: string }
  | { type: 'text' }
  | { type: 'text-until'; marker: string }
  | { type: 'text-without'; marker: string }
  | { type: 'sequence'; parts: readonly GrammarSource[] }
  | { type: 'any-of'; parts: readonly GrammarSource[] }
  | { type: 'repeat'; part: GrammarSource; least?: number; most?: number };

export interface CompileOptions {
  /** An abort rejects with its reason, and ends the work unless somebody else waits for the same grammar. */
  signal?: AbortSignal | undefined;
}

/** One text on its way through a grammar, a token at a time. */
export interface GrammarState {
  /** Ids of the tokens that may follow, ascending; the end of the text is not among them. */
  allowed(): Int32Array;
  /** In milliseconds, what the engine took to know the last answer of `allowed`. */
  readonly maskMs: number;
  /** The text so far satisfies the grammar. */
  readonly mayEnd: boolean;
  /** False when the token may not follow; nothing has changed then. */
  accept(token: number): boolean;
  /** Few tokens that complete the text; `undefined` when the vocabulary has none that do. */
  completion(): Int32Array | undefined;
}

/** A grammar over a vocabulary. Requests may share one: what the first had to find out, the next one finds. */
export interface Grammar {
  /** Tokens of a short text that satisfies it; a generation with a smaller `maxTokens` is refused. */
  readonly shortestTokens: number;
  /**
   * Whether the text as a whole satisfies it; on the calling thread.
   * @throws TriviumError `unsupported` when that takes more work than the mask of one token may
   */
  matches(text: string): boolean;
  matcher(): GrammarState;
}
