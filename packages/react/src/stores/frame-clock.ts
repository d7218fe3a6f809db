/** Runs `task` once, soon; answers how to forget it. */
export type Schedule = (task: () => void) => () => void;

/** A page in the background paints no frames; its stores still move on, this often, in milliseconds. */
const hiddenMs = 250;

/** With the next frame; in the background, where none comes, after a quarter of a second; without frames, soon. */
export const nextFrame: Schedule = (task) => {
  if (typeof requestAnimationFrame !== 'function') {
    const timer = setTimeout(task, 0);
    return () => clearTimeout(timer);
  }
  const forget = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
  const run = () => {
    forget();
    task();
  };
  const frame = requestAnimationFrame(run);
  const timer = setTimeout(run, hiddenMs);
  return forget;
};
