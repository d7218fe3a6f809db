import { createTrivium } from '@trivium/sdk';
import { createLongText } from '@trivium/sdk/long-text';

const trivium = createTrivium({ specification: 'v3' });
const longText = createLongText({ model: trivium('nano') });
const failure = await longText.summarize({ text: 'Green tea is steeped for two minutes.' }).then(
  () => undefined,
  (error) => error,
);
console.log(failure.code, failure.remedy);
await trivium.dispose();
