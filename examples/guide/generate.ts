// #region generate
import { createTrivium } from '@trivium/sdk/provider';
import { generateText, streamText } from 'ai';

await using trivium = createTrivium({ specification: 'v3' }); // 'v3' for ai 6
const model = trivium('nano');

const { text, usage } = await generateText({
  model,
  prompt: 'What is Kubernetes?',
  maxOutputTokens: 48,
});
console.log(text);
console.log(usage.outputTokens);
// #endregion generate

// #region stream
const { textStream } = streamText({
  model,
  prompt: '介绍一下配置。',
  maxOutputTokens: 48,
});
for await (const delta of textStream) process.stdout.write(delta);
process.stdout.write('\n');
// #endregion stream

// #region options
const { providerMetadata, warnings } = await generateText({
  model,
  messages: [
    { role: 'user', content: 'An old question that is far too long. '.repeat(200) },
    { role: 'assistant', content: 'An old answer.' },
    { role: 'user', content: 'What is a cluster?' },
  ],
  maxOutputTokens: 16,
  providerOptions: {
    trivium: { overflow: 'drop-oldest', minP: 0.05, logprobs: 2 },
  },
});
console.log(warnings);
console.log(Object.keys(providerMetadata?.trivium ?? {}));
// #endregion options
