/**
 * Calls back when a file changes, is replaced or goes, by asking again and again: editors replace files, and notices of the
 * system do not survive that. What is compared with is the file as it was when the promise came back, so that nothing is missed.
 */
import { stat } from 'node:fs/promises';

const intervalMs = 500;

/** Something that differs whenever the file does. */
const stateOf = (file: string) =>
  stat(file).then(
    ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
    () => 'gone',
  );

/** Answers what ends it. */
export async function watchFile(file: string, changed: () => void): Promise<() => void> {
  let before = await stateOf(file);
  let isAsking = false;
  const timer = setInterval(async () => {
    if (isAsking) return;
    isAsking = true;
    const now = await stateOf(file);
    isAsking = false;
    if (now === before || !isWatched) return;
    before = now;
    changed();
  }, intervalMs);
  timer.unref();
  let isWatched = true;
  return () => {
    isWatched = false;
    clearInterval(timer);
  };
}
