/** Jobs as resources: what a link to one leads to. */
import { TriviumError } from '@trivium/protocol';
import type { CapabilityTool } from './capability-tools.js';
import type { ResourceSource } from './surface/surface.js';

const prefix = 'job:///';

export function jobResources(jobsShow: CapabilityTool): ResourceSource {
  return {
    templates: [
      {
        uriTemplate: 'job:///{id}',
        name: 'job',
        title: 'A job',
        description: 'A job that jobs_start began: its state, its last progress, its output or its error.',
        mimeType: 'application/json',
      },
    ],
    owns: (uri) => uri.startsWith(prefix),
    list: async () => ({ resources: [] }),
    async read(uri, signal, caller) {
      const { structured } = await jobsShow
        .answer({ id: uri.slice(prefix.length) }, { signal, caller })
        .catch((error: unknown) => {
          throw aboutUri(error, uri);
        });
      return [{ uri, mimeType: 'application/json', text: JSON.stringify(structured, null, 2) }];
    },
  };
}

/** A client that reads a URI knows of no id; every other failure is passed on. */
function aboutUri(thrown: unknown, uri: string): unknown {
  const { code } = TriviumError.from(thrown);
  if (code !== 'not-found' && code !== 'invalid-argument') return thrown;
  return new TriviumError('not-found', `There is no job ${uri}.`, {
    field: 'uri',
    found: uri,
    remedy: 'jobs_list names them.',
  });
}
