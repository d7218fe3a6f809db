import { APICallError } from '@ai-sdk/provider';
import { createTrivium, fallback } from '@trivium/sdk/provider';
import { scriptedModel } from '@trivium/sdk/testing';
import { generateText } from 'ai';

await using trivium = createTrivium({ specification: 'v3' });
const cloud = scriptedModel(
  () => {
    throw new APICallError({
      message: 'No network.',
      url: 'https://cloud.example',
      requestBodyValues: {},
    });
  },
  { specification: 'v3', modelId: 'cloud' },
);

// #region fallback
const model = fallback([cloud, trivium('nano')]);
const { text, providerMetadata } = await generateText({
  model,
  prompt: 'What is Kubernetes?',
  maxOutputTokens: 24,
  maxRetries: 0,
});
console.log(text);
console.log(providerMetadata?.trivium?.answeredBy);
// #endregion fallback
