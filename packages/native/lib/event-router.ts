/** Hands the events of a step to the requests they belong to. One an addon and environment; knows ids and listeners, no models. */
import type { Addon, RawEvent } from './addon.js';

export type Listener = (event: RawEvent) => void;

const slot = Symbol.for('trivium.native.router');

export class EventRouter {
  readonly #listeners = new Map<number, Listener>();

  /** The addon tells one receiver alone, which copies of this package that share it share, too. */
  static of(addon: Addon): EventRouter {
    const holder = addon as Addon & { [slot]?: EventRouter };
    holder[slot] ??= new EventRouter(addon);
    return holder[slot];
  }

  private constructor(addon: Addon) {
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
