/** A staged writing: its settings, its stages as they stream, stop and resume, the text at its end. */
import type { ScratchFolder } from '@trivium/protocol';
import { useDocuments, useLongText } from '@trivium/react';
import { useState } from 'react';
import type { PanelProps } from '../ask/ask-panel.js';
import { ModelLine } from '../parts/model-line.js';
import { ErrorNotice, Notice } from '../parts/notice.js';
import { ReadingLine } from '../parts/reading-line.js';
import { useMeter } from '../server/use-meter.js';
import { StageStrip } from './stage-strip.js';
import { StageText } from './stage-text.js';
import { WriteForm } from './write-form.js';
import { inputOf, newFields, type StageName } from './write-settings.js';
import { WrittenText } from './written-text.js';

interface WritePanelProps extends PanelProps {
  /** Where checkpoints may lie. */
  folder: () => Promise<ScratchFolder>;
  canWrite: boolean;
}

/** What is shown below the stages. */
export type Shown = StageName | 'text';

export function WritePanel({ paths, model, meter, folder, canWrite, onOpen }: WritePanelProps) {
  const { read } = useDocuments(paths);
  const report = useLongText();
  const [fields, setFields] = useState(newFields);
  const [chosen, setChosen] = useState<Shown>();
  const [folderError, setFolderError] = useState<Error>();
  const { status, stages, citations, data, canResume } = report;
  const isWriting = status === 'running';
  const isRunning = isWriting || read.status === 'running';
  const running = stages.find((stage) => stage.status === 'running')?.stage;
  const last = stages.findLast((stage) => stage.status === 'stopped' || stage.status === 'finished')?.stage;
  const shown: Shown = chosen ?? (data ? 'text' : (running ?? last ?? 'summary'));
  const hasBegun = status !== 'idle';
  const isReady = paths.length > 0 && fields.instruction.trim() !== '';
  useMeter(
    meter,
    isWriting,
    stages.some(({ draft, sections }) => draft.length > 0 || sections.length > 0),
  );

  const write = async () => {
    if (isRunning || !isReady) return;
    setChosen(undefined);
    setFolderError(undefined);
    report.reset();
    try {
      const { path } = await folder();
      if (!(await read.run({}))) return;
      const checkpoint = `${path}/writing-${Date.now().toString(36)}.json`;
      await report.write(inputOf(fields, { paths, model, checkpoint }));
    } catch (thrown) {
      setFolderError(thrown as Error);
    }
  };
  const go = (act: () => Promise<unknown>) => {
    setChosen(undefined);
    void act();
  };

  if (!canWrite)
    return <p className="muted">Staged writing keeps its state in files, and this server writes none.</p>;
  return (
    <>
      <WriteForm
        fields={fields}
        onFields={setFields}
        onSubmit={() => void write()}
        hint={paths.length === 0 ? 'Choose or drop a document first.' : undefined}
      >
        <div className="actions">
          {isRunning ? (
            <button type="button" onClick={() => void (isWriting ? report : read).stop()}>
              Stop
            </button>
          ) : (
            <>
              {canResume && (
                <button type="button" onClick={() => go(report.resume)}>
                  Resume
                </button>
              )}
              <button type="submit" className="primary" disabled={!isReady}>
                {hasBegun ? 'Write anew' : 'Write'}
              </button>
            </>
          )}
        </div>
      </WriteForm>
      <ReadingLine read={read} />
      <ModelLine loading={report.loading} />
      {folderError && <Notice title={folderError.message} />}
      <ErrorNotice error={report.error} />
      {hasBegun && (
        <section aria-label="Writing" className="writing">
          <StageStrip
            stages={stages}
            shown={shown}
            hasText={data !== undefined}
            onShow={setChosen}
            onRetry={!isRunning && hasBegun ? (stage) => go(() => report.retryStage(stage)) : undefined}
          />
          {shown === 'text'
            ? data && <WrittenText written={data} onOpen={onOpen} />
            : stages
                .filter(({ stage }) => stage === shown)
                .map((stage) => (
                  <StageText key={stage.stage} stage={stage} citations={citations} onOpen={onOpen} />
                ))}
          {report.warnings.length > 0 && (
            <details className="warnings">
              <summary>
                {report.warnings.length} {report.warnings.length === 1 ? 'warning' : 'warnings'}
              </summary>
              <ul>
                {report.warnings.map(({ message, stage, section }, index) => (
                  <li key={index}>
                    {[stage, section && `section ${section}`].filter(Boolean).join(', ')}
                    {stage && ': '}
                    {message}
                  </li>
                ))}
              </ul>
            </details>
          )}
        </section>
      )}
    </>
  );
}
