/** How far reading the documents has come, what there is of them, and which could not be read. */
import { contracts } from '@trivium/protocol';
import type { Documents } from '@trivium/react';
import { ModelLine } from './model-line.js';
import { ErrorNotice, Notice } from './notice.js';
import { count } from './numbers.js';

export function ReadingLine({ read: { status, progress, data, error } }: Pick<Documents, 'read'>) {
  if (status === 'running') {
    if (progress?.type === 'download-progress')
      return <ModelLine loading={contracts.modelFigures(progress)} />;
    const { done = 0, total = 1, path } = progress ?? {};
    return (
      <p className="reading muted">
        <progress aria-label="Documents read" value={done} max={total} /> Reading {path?.split('/').at(-1)}
      </p>
    );
  }
  return (
    <>
      <ErrorNotice error={error} />
      {data?.skipped.map(({ path, reason }) => (
        <Notice
          key={path}
          title={`${path.split('/').at(-1)} was not read.`}
          remedy={`${reason[0]?.toUpperCase()}${reason.slice(1)}.`}
        />
      ))}
      {data && (
        <p className="muted">
          {count(data.documents)} {data.documents === 1 ? 'document' : 'documents'}, {count(data.tokens)}{' '}
          tokens, {count(data.chunks)} passages
        </p>
      )}
    </>
  );
}
