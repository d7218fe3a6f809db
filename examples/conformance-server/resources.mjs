/** Resources of the conformance suite: a text, a picture, a template, one that may be watched. */
import { TriviumError } from '@trivium/protocol';
import { pixel } from './samples.mjs';

const text = {
  uri: 'test://static-text',
  name: 'Static text',
  description: 'A text that never changes.',
  mimeType: 'text/plain',
};
const picture = {
  uri: 'test://static-binary',
  name: 'Static picture',
  description: 'A picture that never changes.',
  mimeType: 'image/png',
};
const watched = {
  uri: 'test://watched-resource',
  name: 'Watched',
  description: 'A text that may be subscribed to.',
  mimeType: 'text/plain',
};

const ofTemplate = (uri) => /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];

/** @type {import('@trivium/mcp-server').ResourceSource} */
export const resources = {
  templates: [
    {
      uriTemplate: 'test://template/{id}/data',
      name: 'Template',
      description: 'Data for any id.',
      mimeType: 'application/json',
    },
  ],
  owns: (uri) => uri.startsWith('test://'),
  list: async () => ({ resources: [text, picture, watched] }),
  async read(uri) {
    const { mimeType } = [text, picture, watched].find((one) => one.uri === uri) ?? {};
    if (uri === text.uri)
      return [{ uri, mimeType, text: 'This is the content of the static text resource.' }];
    if (uri === picture.uri) return [{ uri, mimeType, blob: pixel }];
    if (uri === watched.uri) return [{ uri, mimeType, text: 'Nothing has happened yet.' }];
    const id = ofTemplate(uri);
    if (id === undefined)
      throw new TriviumError('not-found', `There is no resource ${uri}.`, { field: 'uri' });
    const data = { id, templateTest: true, data: `Data for ID: ${id}` };
    return [{ uri, mimeType: 'application/json', text: JSON.stringify(data) }];
  },
  complete: async (_template, _variable, typed) => ['1', '12', '123'].filter((id) => id.startsWith(typed)),
  watch: async () => () => {},
};
