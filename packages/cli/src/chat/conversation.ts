/**
 * A conversation from turn to turn: what was said so far, and one call of the capability a turn. Knows no terminal, no
 * files and no model.
 */
import { type ChatMessage, type contracts, invoke, type OutputOf, type ProgressOf } from '@trivium/protocol';
import type { Host } from '@trivium/sdk';
import type { Command } from '../command.js';

export type ChatOutput = OutputOf<typeof contracts.chat>;
export type ChatStep = ProgressOf<typeof contracts.chat>;

export interface ConversationSettings {
  /** Runs one turn. */
  command: Command;
  /** The field of its input that takes the messages. */
  field: string;
  /** The other fields of its input, the same each turn. */
  input: Record<string, unknown>;
  host: Host;
}

export class Conversation {
  readonly settings: ConversationSettings;
  #messages: ChatMessage[] = [];

  constructor(settings: ConversationSettings) {
    this.settings = settings;
  }

  /** What the model is shown in the next turn, before the next message. */
  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  /** Goes on with another conversation instead. */
  takeUp(messages: readonly ChatMessage[]): void {
    this.#messages = [...messages];
  }

  forget(): void {
    this.#messages = [];
  }

  /**
   * Asks for the next answer. Where the turn fails or is stopped, what was written of the answer stays in the
   * conversation; where nothing was, the message is taken back.
   * @throws TriviumError of the capability; the abort reason
   */
  async turn(text: string, signal: AbortSignal, onStep: (step: ChatStep) => void): Promise<ChatOutput> {
    const { command, field, input, host } = this.settings;
    const question: ChatMessage = { role: 'user', content: text };
    let written = '';
    try {
      const call = { ...input, [field]: [...this.#messages, question] };
      const output: ChatOutput = await invoke(command, call, host.context(signal), (given) => {
        const step = given as ChatStep;
        if (step.type === 'text-delta') written += step.text;
        onStep(step);
      });
      // What the model is no longer shown need not be counted again each turn.
      this.#drop(output.droppedMessages);
      written = output.text;
      return output;
    } finally {
      if (written !== '') this.#messages.push(question, { role: 'assistant', content: written });
    }
  }

  /** The oldest messages go; those of the system, which are never left out, are not counted. */
  #drop(count: number): void {
    let dropped = 0;
    this.#messages = this.#messages.filter(({ role }) => role === 'system' || ++dropped > count);
  }
}
