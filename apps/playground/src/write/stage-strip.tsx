/** The three stages in a row: how each stands, what it cost, and which of them is shown below. */
import { type StageState, Stages } from '@trivium/react';
import { count, duration } from '../parts/numbers.js';
import type { Shown } from './write-panel.js';
import type { StageName } from './write-settings.js';

interface StageStripProps {
  stages: readonly StageState[];
  shown: Shown;
  hasText: boolean;
  onShow: (shown: Shown) => void;
  /** Writes a stage and those after it anew; absent while something is written. */
  onRetry: ((stage: StageName) => void) | undefined;
}

export function StageStrip({ stages, shown, hasText, onShow, onRetry }: StageStripProps) {
  const of = stages.find(({ stage }) => stage === shown);
  return (
    <>
      <div className="strip">
        <Stages stages={stages}>
          {(stage) => (
            <button
              type="button"
              aria-pressed={stage.stage === shown}
              disabled={stage.status === 'waiting' || stage.status === 'skipped'}
              onClick={() => onShow(stage.stage)}
            >
              <span className="stage-name">{stage.stage}</span>
              <span className="stage-status">{statusOf(stage)}</span>
              <Progress stage={stage} />
            </button>
          )}
        </Stages>
        <button
          type="button"
          aria-pressed={shown === 'text'}
          disabled={!hasText}
          onClick={() => onShow('text')}
        >
          <span className="stage-name">text</span>
          <span className="stage-status">{hasText ? 'finished' : 'not yet'}</span>
        </button>
      </div>
      {of && (of.report || onRetry) && (
        <p className="row muted stage-facts">
          {of.report && (
            <span>
              {count(of.report.words)} words · {count(of.report.usage.inputTokens)} tokens in,{' '}
              {count(of.report.usage.outputTokens)} out, {count(of.report.usage.calls)} calls ·{' '}
              {duration(of.report.ms)} · {of.report.model}
            </span>
          )}
          {onRetry && of.status !== 'waiting' && of.status !== 'skipped' && (
            <button type="button" className="quiet" onClick={() => onRetry(of.stage)}>
              Write from here anew
            </button>
          )}
        </p>
      )}
    </>
  );
}

function statusOf({ status, plannedSections, sections, chunks }: StageState): string {
  if (status !== 'running') return status;
  const done = sections.filter((section) => section.status === 'finished').length;
  if (plannedSections > 0) return `section ${Math.min(done + 1, plannedSections)} of ${plannedSections}`;
  return chunks ? `part ${chunks.done} of ${chunks.total}` : 'writing';
}

function Progress({ stage: { stage, status, plannedSections, sections, chunks } }: { stage: StageState }) {
  if (status !== 'running') return null;
  const done = sections.filter((section) => section.status === 'finished').length;
  const label = `Progress of ${stage}`;
  if (plannedSections > 0) return <progress aria-label={label} value={done} max={plannedSections} />;
  if (chunks) return <progress aria-label={label} value={chunks.done} max={chunks.total} />;
  return <progress aria-label={label} />;
}
