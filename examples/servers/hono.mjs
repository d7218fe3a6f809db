/** Trivium below /ai of a Hono app. */
import { serve } from '@hono/node-server';
import { Host } from '@trivium/sdk';
import { createHandler } from '@trivium/sdk/server';
import { Hono } from 'hono';

const trivium = createHandler({ host: new Host(), model: 'nano', root: '.', basePath: '/ai' });
const app = new Hono();
app.get('/', (context) => context.text('Hello'));
app.all('/ai/*', (context) => trivium.fetch(context.req.raw));
serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`listening on http://127.0.0.1:${port}`),
);
