/** One handler a process: models stay loaded between requests. Without keys it is called by the names given here alone. */
import { Host } from '@trivium/sdk';
import { createHandler } from '@trivium/sdk/server';

const { APP_HOST = 'localhost' } = process.env; // app.example, where it is deployed

export const trivium = createHandler({
  host: new Host(),
  model: 'nano',
  root: 'docs',
  basePath: '/ai',
  allowedHosts: ['localhost', '127.0.0.1', APP_HOST],
});
