/**
 * What `/metrics` tells: requests, places, tokens, time to the first token, the engine's memory and work, and Node's own
 * figures. Knows no requests.
 */
import type { EngineStats } from '@trivium/native';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Admission } from '../base/admission.js';

/** Node's own figures, gathered once for all servers of the process: what gathers them cannot be stopped. */
let ofNode: Registry | undefined;

function figuresOfNode(): Registry {
  if (!ofNode) {
    ofNode = new Registry();
    collectDefaultMetrics({ register: ofNode });
  }
  return ofNode;
}

/** From a cached embedding to an hour of writing. */
const secondsBuckets = [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600, 3600];

export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'route' | 'method' | 'status'>;
  readonly #seconds: Histogram<'route'>;
  readonly #firstToken: Histogram;
  readonly #tokens: Counter<'model' | 'kind'>;

  /** @param engine its figures now; nothing where there is no engine */
  constructor(admission: Admission, engine: () => EngineStats | undefined) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'trivium_http_requests_total',
      help: 'Requests that have been answered.',
      labelNames: ['route', 'method', 'status'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'trivium_http_request_seconds',
      help: 'Time until an answer had ended.',
      labelNames: ['route'],
      buckets: secondsBuckets,
      registers,
    });
    this.#firstToken = new Histogram({
      name: 'trivium_first_token_seconds',
      help: 'Time from a streamed call to its first piece of text, reasoning or tool input.',
      buckets: secondsBuckets,
      registers,
    });
    this.#tokens = new Counter({
      name: 'trivium_tokens_total',
      help: 'Tokens that models read (input) and wrote (output), as they count them.',
      labelNames: ['model', 'kind'],
      registers,
    });
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    gauge('trivium_calls_running', 'Calls that have a place.', () => admission.running);
    gauge('trivium_calls_waiting', 'Calls that wait for a place.', () => admission.waiting);
    engineFigures(registers, engine);
    figuresOfNode();
  }

  request(route: string, method: string, status: number, durationMs: number): void {
    this.#requests.inc({ route, method, status: String(status) });
    this.#seconds.observe({ route }, durationMs / 1000);
  }

  firstToken(durationMs: number): void {
    this.#firstToken.observe(durationMs / 1000);
  }

  /** @param model an id that the server knows, so that callers cannot make labels up */
  tokens(model: string, input: number | undefined, output: number | undefined): void {
    if (input) this.#tokens.inc({ model, kind: 'input' }, input);
    if (output) this.#tokens.inc({ model, kind: 'output' }, output);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    const texts = await Promise.all([this.#registry, figuresOfNode()].map((registry) => registry.metrics()));
    return texts.join('\n');
  }
}

/** The engine of the process: what its models take, and how many tokens they have read and written, while they do. */
function engineFigures(registers: Registry[], engine: () => EngineStats | undefined): void {
  new Gauge({
    name: 'trivium_engine_bytes',
    help: 'Memory of the engine: weights, pages of keys and values, and what of them is in use.',
    labelNames: ['kind'],
    registers,
    collect() {
      const { weightBytes = 0, kvBytes = 0, kvUsedBytes = 0 } = engine() ?? {};
      this.set({ kind: 'weights' }, weightBytes);
      this.set({ kind: 'kv' }, kvBytes);
      this.set({ kind: 'kv_used' }, kvUsedBytes);
    },
  });
  new Counter({
    name: 'trivium_engine_tokens_total',
    help: 'Tokens that the engine has read (prefill) and written (decode), those of answers under way included.',
    labelNames: ['kind'],
    registers,
    collect() {
      const { prefilledTokens = 0, decodedTokens = 0 } = engine() ?? {};
      this.reset();
      this.inc({ kind: 'prefill' }, prefilledTokens);
      this.inc({ kind: 'decode' }, decodedTokens);
    },
  });
}
