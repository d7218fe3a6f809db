// The quick start of ai 7, as the documentation quotes it; scripts/test-ai-7.mjs runs it on Node 24.
// Usage: node quick-start.mjs
// #region generate
import { createTrivium } from '@trivium/sdk/provider';
import { generateText } from 'ai';

await using trivium = createTrivium(); // 'v4' is the default, for ai 7

const { text, usage } = await generateText({
  model: trivium('nano'),
  prompt: 'What is Kubernetes?',
  maxOutputTokens: 48,
});
console.log(text);
console.log(usage.outputTokens);
// #endregion generate
