/** How far a model is that is fetched, or loaded. */
import type { LongTextState } from '@trivium/react';
import { bytes } from './numbers.js';

export function ModelLine({ loading }: Pick<LongTextState, 'loading'>) {
  if (!loading) return null;
  const { file, done, total } = loading;
  const what =
    file === undefined ? 'Loading the model' : `Fetching ${file}, ${bytes(done)} of ${bytes(total)}`;
  return (
    <p className="reading muted">
      <progress aria-label={file === undefined ? 'Model loaded' : 'Model fetched'} value={done} max={total} />{' '}
      {what}
    </p>
  );
}
