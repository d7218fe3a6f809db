/** Several spaces of URIs as one. Only the first is listed: the others are reached by links and templates. */
import { TriviumError } from '@trivium/protocol';
import type { ResourceSource } from './surface.js';

export function joinSources(listed: ResourceSource, ...linked: readonly ResourceSource[]): ResourceSource {
  const all = [listed, ...linked];
  // Whoever asks has asked `owns` before.
  const owner = (uri: string) => all.find((source) => source.owns(uri)) ?? listed;
  return {
    templates: all.flatMap(({ templates }) => templates),
    owns: (uri) => all.some((source) => source.owns(uri)),
    list: (cursor) => listed.list(cursor),
    read: (uri, ...asked) => owner(uri).read(uri, ...asked),
    async complete(template, variable, typed) {
      const source = all.find(({ templates }) =>
        templates.some(({ uriTemplate }) => uriTemplate === template),
      );
      return (await source?.complete?.(template, variable, typed)) ?? [];
    },
    async watch(uri, changed) {
      const source = owner(uri);
      if (source.watch) return source.watch(uri, changed);
      throw new TriviumError('unsupported', `${uri} cannot be subscribed to.`, {
        field: 'uri',
        found: uri,
        remedy: 'Read it again to see how it is now.',
      });
    },
  };
}
