/** Hands the events of a step to the requests they belong to. One an environment; knows ids and listeners, no models. */
import type { Addon, RawEvent } from './addon.js';

export type Listener = (event: RawEvent) => void;

export class EventRouter {
  readonly #listeners = new Map<number, Listener>();

  constructor(addon: Addon) {
    addon.initialize((events) => {
      for (const event of events) {
        const listener = this.#listeners.get(event.request);
        if (event.kind === 'finish' || event.kind === 'error' || event.kind === 'values')
          this.#listeners.delete(event.request);
        listener?.(event);
      }
    });
  }

  /** Events of a request that was just made: none can have arrived yet, for they come through the event loop. */
  listen(request: number, listener: Listener): void {
    this.#listeners.set(request, listener);
  }
}
