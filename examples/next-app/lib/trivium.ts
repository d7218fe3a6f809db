/** One handler a process: models stay loaded between requests. */
import { Host } from '@trivium/sdk';
import { createHandler } from '@trivium/sdk/server';

export const trivium = createHandler({ host: new Host(), model: 'nano', root: 'docs', basePath: '/ai' });
