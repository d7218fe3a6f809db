/**
 * The stages of a writing as accessible markup without styles: an ordered list whose current step is marked, and the
 * sections of a stage as they stream. `data-stage` and `data-status` are there to style by; children render it otherwise.
 */
import { type HTMLAttributes, memo, type ReactNode } from 'react';
import type { SectionState, StageState } from '../stores/long-text-snapshot.js';
import { StreamingText } from './streaming-text.js';

export interface StagesProps extends Omit<HTMLAttributes<HTMLOListElement>, 'children'> {
  stages: readonly StageState[];
  /** Renders one stage, inside of its list item. Default: its name, how it stands, and a bar where sections are planned. */
  children?: ((stage: StageState) => ReactNode) | undefined;
}

/**
 * @example
 * <Stages stages={report.stages} aria-label="Progress of the briefing" />
 */
export function Stages({ stages, children: render, ...attributes }: StagesProps) {
  return (
    <ol aria-label="Stages" {...attributes}>
      {stages.map((stage) => (
        <li
          key={stage.stage}
          data-stage={stage.stage}
          data-status={stage.status}
          aria-current={stage.status === 'running' ? 'step' : undefined}
        >
          {render ? render(stage) : <StageLine stage={stage} />}
        </li>
      ))}
    </ol>
  );
}

const StageLine = memo(function StageLine({
  stage: { stage, status, plannedSections, sections },
}: {
  stage: StageState;
}) {
  const done = sections.filter((section) => section.status === 'finished').length;
  return (
    <>
      <span>{stage}</span> <span>{status}</span>
      {plannedSections > 0 && (
        <progress aria-label={`${stage}: ${done} of ${plannedSections}`} value={done} max={plannedSections} />
      )}
    </>
  );
});

export interface SectionsProps extends Omit<HTMLAttributes<HTMLDivElement>, 'children'> {
  stage: StageState;
  /** Renders one section, inside of its `<article>`. Default: its title as a heading, and its text. */
  children?: ((section: SectionState) => ReactNode) | undefined;
}

/**
 * The sections of one stage: drafts while they stream, their kept text once they are finished.
 * @example
 * report.stages.map((stage) => <Sections key={stage.stage} stage={stage} />);
 */
export function Sections({ stage, children, ...attributes }: SectionsProps) {
  return (
    <div data-stage={stage.stage} {...attributes}>
      {stage.sections.map((section) => (
        // No landmark: a page with all stages of a writing would have two of each name.
        <article
          key={section.number}
          aria-label={section.title ?? `Section ${section.number}`}
          aria-busy={section.status === 'running'}
          data-status={section.status}
        >
          {children ? children(section) : <SectionBody section={section} />}
        </article>
      ))}
    </div>
  );
}

const SectionBody = memo(function SectionBody({
  section: { title, text, draft },
}: {
  section: SectionState;
}) {
  return (
    <>
      {title !== undefined && <h3>{title}</h3>}
      {text ?? <StreamingText text={draft} />}
    </>
  );
});
