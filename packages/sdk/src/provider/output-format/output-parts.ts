/**
 * Events of an answer as parts of the AI SDK: opens and closes blocks, gives them ids, and folds the same parts into the
 * content of a call that does not stream. Knows nothing of how the events were found.
 */
import { randomUUID } from 'node:crypto';
import type { ContentPart, StreamPart } from '../specification.js';
import type { ShownEvent } from './output-event.js';

type Block = 'text' | 'reasoning' | 'tool-input';

export class OutputParts {
  /** Whether a tool call has been written. */
  hasCalls = false;
  /** Whether the last thing that was written is one. */
  endsInCall = false;
  #open: { block: Block; id: string } | undefined;
  #blocks = 0;

  of(events: readonly ShownEvent[]): StreamPart[] {
    this.endsInCall = events.length === 0 ? this.endsInCall : events.at(-1)!.type === 'call-end';
    return events.flatMap((event) => this.#partsOf(event));
  }

  /** Closes what is open: no part may follow but `error` and `finish`. */
  close(): StreamPart[] {
    if (!this.#open) return [];
    const { block, id } = this.#open;
    this.#open = undefined;
    return [{ type: `${block}-end`, id }];
  }

  #partsOf(event: ShownEvent): StreamPart[] {
    switch (event.type) {
      case 'text-delta':
        return this.#delta('text', event.delta);
      case 'reasoning-delta':
        return this.#delta('reasoning', event.delta);
      case 'reasoning-end':
        return this.#open?.block === 'reasoning' ? this.close() : [];
      case 'call-start': {
        const parts = this.close();
        const id = `call-${randomUUID()}`;
        this.#open = { block: 'tool-input', id };
        return [...parts, { type: 'tool-input-start', id, toolName: event.toolName }];
      }
      case 'call-delta':
        return this.#open ? [{ type: 'tool-input-delta', id: this.#open.id, delta: event.delta }] : [];
      case 'call-end': {
        const toolCallId = this.#open?.id ?? '';
        this.hasCalls = true;
        const { toolName, input } = event;
        return [...this.close(), { type: 'tool-call', toolCallId, toolName, input }];
      }
    }
  }

  #delta(block: 'text' | 'reasoning', delta: string): StreamPart[] {
    if (delta === '') return [];
    const parts = this.#open?.block === block ? [] : this.close();
    if (!this.#open) {
      this.#open = { block, id: `${block}-${this.#blocks}` };
      this.#blocks += 1;
      parts.push({ type: `${block}-start`, id: this.#open.id });
    }
    return [...parts, { type: `${block}-delta`, id: this.#open.id, delta }];
  }
}

/** The content of a whole answer, from the parts that it would be streamed in. */
export function contentOf(parts: Iterable<StreamPart>): ContentPart[] {
  const content: ContentPart[] = [];
  const texts = new Map<string, ContentPart & { text: string }>();
  for (const part of parts) {
    if (part.type === 'tool-call') content.push(part);
    if (part.type === 'text-start' || part.type === 'reasoning-start') {
      const block = {
        type: part.type === 'text-start' ? ('text' as const) : ('reasoning' as const),
        text: '',
      };
      texts.set(part.id, block);
      content.push(block);
    }
    const block = 'id' in part ? texts.get(part.id) : undefined;
    if (block && 'delta' in part) block.text += part.delta;
  }
  return content;
}
