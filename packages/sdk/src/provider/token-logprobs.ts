/**
 * Log-probabilities of an answer's tokens with what each token stands for: its bytes, which join to the text of the answer also
 * where a character lies in several tokens. Knows no parts and no protocols.
 */
import type { GenerateEvent, Tokenizer } from '@trivium/native';

type Token = Extract<GenerateEvent, { type: 'token' }>;

/** A token that was or might have been chosen. */
export interface LikelyToken {
  /** Its text, with U+FFFD for what is no whole character; of a special token its name. */
  token: string;
  /** What it adds to the text of the answer: nothing where it is a special token. */
  bytes: number[];
  logprob: number;
}

export interface TokenLogprob extends LikelyToken {
  /** The likeliest tokens at its place, the likeliest first. */
  top: LikelyToken[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class LogprobReader {
  readonly logprobs: TokenLogprob[] = [];
  readonly #tokenizer: Tokenizer;
  #specialTokens: ReadonlySet<string> | undefined;
  /** A token has been read that is a part of the text. */
  #begun = false;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** All tokens of an answer in their order; what tells no log-probability is left out. */
  read({ id, logprob, topLogprobs = [] }: Token): void {
    if (logprob === undefined) return;
    const top = topLogprobs.map((other) => this.#likely(other.id, other.logprob));
    this.logprobs.push({ ...this.#likely(id, logprob), top });
    this.#begun ||= !this.#isSpecial(id);
  }

  #likely(id: number, logprob: number): LikelyToken {
    const bytes = this.#bytesOf(id);
    return { token: decoder.decode(bytes), bytes: this.#isSpecial(id) ? [] : [...bytes], logprob };
  }

  #bytesOf(id: number): Uint8Array {
    const bytes = this.#tokenizer.tokenBytes(id);
    if (this.#begun || bytes.length === 0) return bytes;
    // Decoders of SentencePiece's kind leave out the blank with which a text begins.
    const text = this.#tokenizer.decode([id], { skipSpecialTokens: false });
    return text.includes('\uFFFD') ? bytes : encoder.encode(text);
  }

  #isSpecial(id: number): boolean {
    this.#specialTokens ??= new Set(this.#tokenizer.specialTokens);
    return id < this.#tokenizer.vocabularySize && this.#specialTokens.has(this.#tokenizer.tokenText(id));
  }
}
