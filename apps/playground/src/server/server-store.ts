/**
 * How the server does: whether it answers and lets this page in, what it offers, and its figures, looked at often while the
 * page has a call running and seldom otherwise. Refuses to know React and what the page asks for.
 */
import { type Endpoint, request, TriviumError } from '@trivium/protocol';
import { type Figures, figuresOf, outputRate } from './figures.js';
import { createMeter, type Meter } from './meter.js';

export interface ServerSnapshot {
  readonly status: 'connecting' | 'ready' | 'locked' | 'gone';
  readonly error: TriviumError | undefined;
  /** Models that write, by the ids that calls name; the server's own first. */
  readonly models: readonly string[];
  /** False for a server that writes nothing: no uploads and no staged writing there. */
  readonly canWrite: boolean;
  readonly figures: Figures | undefined;
  /** Figures when the page came, so that it can tell what has happened since. */
  readonly firstFigures: Figures | undefined;
  /** Tokens a second between looks, the latest last. */
  readonly rates: readonly number[];
  readonly isBusy: boolean;
  /** Tokens a second over the whole of the last time that a call of this page ran. */
  readonly lastRate: number | undefined;
  readonly firstTokenMs: number | undefined;
}

export interface ServerStore {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => ServerSnapshot;
  readonly meter: Meter;
  /** Looks now, in place of when it is time to. */
  readonly look: () => void;
}

const [busyMs, idleMs, goneMs] = [500, 5000, 2000];
const keptRates = 60;

const nothing: ServerSnapshot = {
  status: 'connecting',
  error: undefined,
  models: [],
  canWrite: true,
  figures: undefined,
  firstFigures: undefined,
  rates: [],
  isBusy: false,
  lastRate: undefined,
  firstTokenMs: undefined,
};

export function createServerStore(endpoint: Endpoint): ServerStore {
  const listeners = new Set<() => void>();
  let snapshot = nothing;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let looking: AbortController | undefined;
  /** Figures when the calls that run now, or ran last and were not counted yet, began. */
  let runStart: Figures | undefined;

  const set = (change: Partial<ServerSnapshot>) => {
    snapshot = Object.freeze({ ...snapshot, ...change });
    for (const listener of [...listeners]) listener();
  };
  const json = async <Body>(path: string, signal: AbortSignal) =>
    (await (await request(endpoint, path, { signal })).json()) as Body;

  async function learn(signal: AbortSignal): Promise<Partial<ServerSnapshot>> {
    if (snapshot.status === 'ready') return {};
    const { data } = await json<{ data: { id: string; kind?: string }[] }>('/v1/models', signal);
    const { capabilities } = await json<{ capabilities: { name: string }[] }>('/v1/capabilities', signal);
    const models = data.filter(({ kind = 'any' }) => ['language', 'any'].includes(kind)).map(({ id }) => id);
    return { models, canWrite: capabilities.some(({ name }) => name === 'write') };
  }

  async function lookOnce(signal: AbortSignal): Promise<Partial<ServerSnapshot>> {
    const learned = await learn(signal);
    const text = await (await request(endpoint, '/metrics', { signal })).text();
    const figures = figuresOf(text, performance.now());
    const before = snapshot.figures;
    const { lastRate } = snapshot;
    const ended = snapshot.isBusy ? undefined : runStart;
    runStart = snapshot.isBusy ? (runStart ?? figures) : undefined;
    const isNew = !before || figures.outputTokens < before.outputTokens;
    return {
      ...learned,
      status: 'ready',
      error: undefined,
      figures,
      lastRate: ended ? outputRate(ended, figures) || lastRate : lastRate,
      firstFigures: isNew ? figures : snapshot.firstFigures,
      rates: isNew ? [] : [...snapshot.rates, outputRate(before, figures)].slice(-keptRates),
    };
  }

  async function look(): Promise<void> {
    clearTimeout(timer);
    looking?.abort();
    const controller = new AbortController();
    looking = controller;
    let change: Partial<ServerSnapshot>;
    try {
      change = await lookOnce(controller.signal);
    } catch (thrown) {
      const error = TriviumError.from(thrown);
      change = { status: error.code === 'unauthorized' ? 'locked' : 'gone', error };
    }
    if (looking !== controller || listeners.size === 0) return;
    set(change);
    plan();
  }

  function plan(): void {
    clearTimeout(timer);
    // A page that nobody sees looks at nothing; nobody is let in without a key by asking again.
    if (listeners.size === 0 || document.visibilityState === 'hidden' || snapshot.status === 'locked') return;
    const ms = snapshot.status === 'gone' ? goneMs : snapshot.isBusy ? busyMs : idleMs;
    timer = setTimeout(() => void look(), ms);
  }

  const lookIfSeen = () => {
    if (document.visibilityState === 'visible') void look();
  };
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      if (listeners.size === 1) {
        document.addEventListener('visibilitychange', lookIfSeen);
        void look();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        document.removeEventListener('visibilitychange', lookIfSeen);
        clearTimeout(timer);
        looking?.abort();
      };
    },
    getSnapshot: () => snapshot,
    meter: createMeter(({ running, firstTokenMs }) => {
      const isBusy = running > 0;
      // A call has begun or ended: its figures are worth a look at once.
      const hasTurned = isBusy !== snapshot.isBusy;
      set({ isBusy, firstTokenMs });
      if (hasTurned) void look();
    }),
    look: () => void look(),
  };
}
