/** What one stage has written: drafts as they stream, sections as they are kept, markers as links to their sources. */
import { Sections, type StageState, StreamingText, type WriteCitation } from '@trivium/react';
import { placeOf } from '../source/place-of.js';
import type { OpenPlace } from '../source/use-source.js';
import { langOf } from '../text/lang-of.js';
import { Markdown } from '../text/markdown.js';

interface StageTextProps {
  stage: StageState;
  citations: readonly WriteCitation[];
  onOpen: OpenPlace;
}

export function StageText({ stage, citations, onOpen }: StageTextProps) {
  const isRunning = stage.status === 'running';
  const draft = String(stage.draft);
  return (
    <div className="stage-text">
      {isRunning && stage.sections.length === 0 ? (
        <StreamingText className="draft" text={stage.draft} isStreaming />
      ) : (
        <Markdown
          text={draft}
          citations={citations}
          idPrefix={stage.stage}
          onOpen={onOpen}
          placeOf={placeOf}
        />
      )}
      <Sections stage={stage}>
        {({ title, text, draft: open, isRejected, isResumed }) => (
          <>
            {title && <h3 lang={langOf(title)}>{title}</h3>}
            {(isRejected || isResumed) && (
              <p className="muted">
                {isRejected
                  ? 'The rewriting was refused; the expanded section stays.'
                  : 'From the checkpoint.'}
              </p>
            )}
            {text === undefined ? (
              <StreamingText className="draft" text={open} isStreaming={isRunning} />
            ) : (
              <Markdown
                text={text}
                citations={citations}
                idPrefix={stage.stage}
                onOpen={onOpen}
                placeOf={placeOf}
              />
            )}
          </>
        )}
      </Sections>
    </div>
  );
}
