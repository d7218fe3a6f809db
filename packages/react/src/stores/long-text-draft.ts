/**
 * What the events of a writing add up to. Each part makes a new immutable state only when it changed, so that looking at
 * a writing costs what changed since the last look. Refuses to know where events come from and who looks.
 */
import { contracts, type ProgressOf, type StageReport, type WriteStage } from '@trivium/protocol';
import type {
  LongTextSnapshot,
  PartStatus,
  SectionState,
  StageState,
  Write,
  WriteCitation,
  WriteWarning,
} from './long-text-snapshot.js';
import { createTextBuffer } from './streamed-text.js';

type Event = ProgressOf<Write>;
type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>;

const order: readonly WriteStage[] = ['summary', 'expand', 'polish'];

/** A state that is made anew only after `change`. */
class Part<State extends object> {
  #state: State | undefined;
  readonly #make: () => State;

  constructor(make: () => State) {
    this.#make = make;
  }

  changed(): void {
    this.#state = undefined;
  }

  state(): State {
    this.#state ??= Object.freeze(this.#make());
    return this.#state;
  }
}

class Section {
  readonly draft = createTextBuffer();
  status: PartStatus = 'running';
  end: EventOf<'section-end'> | undefined;
  readonly part: Part<SectionState>;

  constructor(number: number, words: number, title: string | undefined) {
    this.part = new Part(() => ({
      number,
      title,
      status: this.status,
      words: this.end?.words ?? words,
      draft: this.draft.view(),
      text: this.end?.text,
      isRejected: this.end?.rejected ?? false,
      isResumed: this.end?.resumed ?? false,
    }));
  }
}

class Stage {
  readonly draft = createTextBuffer();
  readonly sections = new Map<number, Section>();
  status: PartStatus = 'waiting';
  start: EventOf<'stage-start'> | undefined;
  plannedSections = 0;
  chunks: StageState['chunks'];
  report: StageReport | undefined;
  readonly part: Part<StageState>;

  constructor(stage: WriteStage) {
    this.part = new Part(() => ({
      stage,
      status: this.status,
      model: this.start?.model,
      words: this.start?.words,
      plannedSections: this.plannedSections,
      draft: this.draft.view(),
      sections: Object.freeze([...this.sections.values()].map((section) => section.part.state())),
      chunks: this.chunks,
      report: this.report,
    }));
  }

  section(number: number): Section {
    const known = this.sections.get(number);
    if (known) return known;
    // A delta or an end whose start was not told: the section is there all the same.
    const section = new Section(number, 0, undefined);
    this.sections.set(number, section);
    return section;
  }
}

type DraftState = Pick<LongTextSnapshot, 'loading' | 'reading' | 'stages' | 'citations' | 'warnings'>;

export class LongTextDraft {
  #loading: DraftState['loading'];
  #reading: DraftState['reading'];
  readonly #stages = new Map(order.map((stage) => [stage, new Stage(stage)]));
  #citations: readonly WriteCitation[] = Object.freeze([]);
  #warnings: readonly WriteWarning[] = Object.freeze([]);

  take(event: Event): void {
    if (event.type === 'download-progress' || event.type === 'load-progress') {
      this.#loading = Object.freeze(contracts.modelFigures(event));
      return;
    }
    this.#loading = undefined;
    switch (event.type) {
      case 'read-progress': {
        const { path, done, total } = event;
        this.#reading = Object.freeze({ path, done, total });
        return;
      }
      case 'citation':
        this.#citations = Object.freeze([
          ...this.#citations,
          Object.freeze({ number: event.number, citation: event.citation }),
        ]);
        return;
      case 'warning': {
        const { stage, section, path } = event;
        const message = path ? `${path}: ${event.message}` : event.message;
        this.#warnings = Object.freeze([...this.#warnings, Object.freeze({ stage, section, message })]);
        return;
      }
      case 'finish':
        this.#end('skipped');
        return;
      default:
        this.#takeStage(event);
    }
  }

  /** The writing is over: what was at work has stopped, what waits will not come. */
  stop(): void {
    this.#end('stopped');
  }

  state(): DraftState {
    return {
      loading: this.#loading,
      reading: this.#reading,
      stages: Object.freeze([...this.#stages.values()].map((stage) => stage.part.state())),
      citations: this.#citations,
      warnings: this.#warnings,
    };
  }

  #takeStage(event: EventOf<'stage-start' | 'stage-end' | 'text-delta' | 'chunk-end' | SectionEvent>): void {
    const stage = this.#stages.get(event.stage);
    if (!stage) return;
    stage.part.changed();
    if (event.type === 'stage-start') {
      stage.start = event;
      stage.status = 'running';
    } else if (event.type === 'stage-end') {
      const { type: _, ...report } = event;
      stage.report = Object.freeze(report);
      stage.status = 'finished';
    } else if (event.type === 'chunk-end') {
      stage.chunks = Object.freeze({ level: event.level, done: event.chunk, total: event.chunks });
    } else if (event.type === 'section-start') {
      stage.plannedSections = event.sections;
      stage.sections.set(event.section, new Section(event.section, event.words, event.title));
    } else if (event.type === 'section-end') {
      const section = stage.section(event.section);
      section.end = event;
      section.status = 'finished';
      section.part.changed();
    } else if (event.section === undefined) stage.draft.append(event.text);
    else {
      const section = stage.section(event.section);
      section.draft.append(event.text);
      section.part.changed();
    }
  }

  #end(waiting: 'skipped' | 'stopped'): void {
    this.#loading = undefined;
    for (const stage of this.#stages.values()) {
      for (const section of stage.sections.values()) {
        if (section.status !== 'running') continue;
        section.status = 'stopped';
        section.part.changed();
      }
      if (stage.status === 'running') stage.status = 'stopped';
      else if (stage.status === 'waiting' && waiting === 'skipped') stage.status = 'skipped';
      else continue;
      stage.part.changed();
    }
  }
}

type SectionEvent = 'section-start' | 'section-end';
