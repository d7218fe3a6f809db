/** Trivium below /ai of an Express app, before any parser of bodies: it reads them itself. */
import { Host } from '@trivium/sdk';
import { createHandler, nodeListener } from '@trivium/sdk/server';
import express from 'express';

const trivium = createHandler({ host: new Host(), model: 'nano', root: '.' });
const app = express();
app.get('/', (_, response) => response.send('Hello'));
// Express takes /ai off the path: the handler needs no basePath.
app.use('/ai', nodeListener(trivium));
const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () =>
  console.log(`listening on http://127.0.0.1:${server.address().port}`),
);
