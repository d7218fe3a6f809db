// A module hook: whoever imports `ai` is given the one of this folder, the SDK too, which else finds the workspace's ai 6.
const here = new URL('./run.mjs', import.meta.url).href;

export const resolve = (specifier, context, next) =>
  specifier === 'ai' ? next(specifier, { ...context, parentURL: here }) : next(specifier, context);
