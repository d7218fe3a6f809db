/**
 * Shows a turn as it comes: text for people, one JSON object a turn, or one a step. Data goes to `out`, everything else to
 * `notes`. Thinking is shown dimmed, and only on a terminal: where a program reads, the answer stands alone.
 */
import { ProgressLine } from '../progress-line.js';
import { jsonLine, type Output, textFor } from '../visible.js';
import type { ChatOutput, ChatStep } from './conversation.js';

export type Shape = 'text' | 'json' | 'events';

const dim = '\x1b[2m';
const plain = '\x1b[22m';

export class AnswerPrinter {
  readonly #out: Output;
  readonly #notes: Output;
  readonly #shape: Shape;
  readonly #progress = new ProgressLine();
  #thinking = false;
  /** Something of this turn stands on the line where the next text goes. */
  #open = false;

  constructor(out: Output, notes: Output, shape: Shape) {
    this.#out = out;
    this.#notes = notes;
    this.#shape = shape;
  }

  step(step: ChatStep): void {
    this.#progress.update(step);
    if (this.#shape === 'events') this.#out.write(jsonLine(step));
    else if (step.type === 'warning') this.note(step.message);
    else if (this.#shape === 'text') this.#text(step);
  }

  /** After the last step of a turn that was answered. */
  end(output: ChatOutput): void {
    this.#progress.clear();
    if (this.#shape === 'json') this.#out.write(jsonLine(output));
    else if (this.#shape === 'events') this.#out.write(jsonLine({ type: 'output', output }));
    else {
      this.#endThinking();
      this.#out.write('\n');
      this.#open = false;
    }
    if (output.finishReason === 'length' && this.#shape === 'text')
      this.note(
        `the answer was cut after ${output.usage.outputTokens} tokens: --max-tokens or the context allows no more.`,
      );
  }

  /** After the last step of a turn that was not. */
  break(): void {
    this.#progress.clear();
    this.#endThinking();
    if (this.#open) this.#out.write('\n');
    this.#open = false;
  }

  note(sentence: string): void {
    this.#progress.clear();
    if (this.#open) this.#notes.write('\n');
    this.#open = false;
    this.#notes.write(`trivium: ${textFor(this.#notes, sentence)}\n`);
  }

  #text(step: ChatStep): void {
    const terminal = this.#out.isTTY === true;
    const { type } = step;
    if (type !== 'text-delta' && !(type === 'reasoning-delta' && terminal)) return;
    this.#progress.clear();
    if (type === 'text-delta') this.#endThinking();
    else if (!this.#thinking) {
      this.#thinking = true;
      this.#out.write(dim);
    }
    this.#open = true;
    this.#out.write(textFor(this.#out, step.text));
  }

  #endThinking(): void {
    if (this.#thinking) this.#out.write(`${plain}\n\n`);
    this.#thinking = false;
  }
}
