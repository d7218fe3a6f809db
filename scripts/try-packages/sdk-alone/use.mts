import { createClient, createTrivium } from '@trivium/sdk';
import { createLibrary } from '@trivium/sdk/documents';
import { createLongText } from '@trivium/sdk/long-text';
import { serve } from '@trivium/sdk/server';
import { scriptedModel } from '@trivium/sdk/testing';

export const client = createClient();
export const longText = createLongText({
  library: await createLibrary(),
  model: createTrivium({ specification: 'v3' })('nano'),
});
export const scripted = createLongText({ model: scriptedModel(['Two minutes.']) });
export const server = await serve({ host: client.host, port: 0 });
