// #region scripted
import { createLibrary } from '@trivium/sdk/documents';
import { createLongText } from '@trivium/sdk/long-text';
import { scriptedModel } from '@trivium/sdk/testing';

const model = scriptedModel(['Leave the loop that reads it. [1]'], {
  specification: 'v3',
});
await using library = await createLibrary();
const longText = createLongText({ library, model });
await longText.read(['./handbook']);

const { text, mode } = await longText.ask('How do I stop a stream?');
console.log(mode, text);
console.log(model.calls.length);
// #endregion scripted
