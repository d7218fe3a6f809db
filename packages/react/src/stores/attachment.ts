/**
 * How many look at a store: a page may mount it in several places, and StrictMode mounts everything twice. Refuses to know
 * what is done while somebody looks.
 */
export interface Attachment {
  /** Somebody looks; answers how to say that they do no more, which counts once however often it is said. */
  readonly attach: () => () => void;
  readonly isAttached: () => boolean;
}

/**
 * @param begin the first one looks
 * @param end the last one has gone; another may come later
 * @example
 * const { attach } = createAttachment(() => void follow(), () => connection.abort());
 */
export function createAttachment(begin: () => void, end: () => void): Attachment {
  let attached = 0;
  return {
    attach: () => {
      attached += 1;
      if (attached === 1) begin();
      let isAttached = true;
      return () => {
        if (!isAttached) return;
        isAttached = false;
        attached -= 1;
        if (attached === 0) end();
      };
    },
    isAttached: () => attached > 0,
  };
}
