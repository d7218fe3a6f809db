// #region settings
import { createTrivium } from '@trivium/sdk/provider';

await using trivium = createTrivium({
  specification: 'v3',
  contextTokens: 1024, // tokens a conversation may hold
  memoryBytes: 4 * 2 ** 30, // all models of this provider together
  idleUnloadMs: 10 * 60_000, // a model that nobody used for ten minutes goes
  quantize: 'q8_0', // plain weights are held in 8.5 bits each
  kvType: 'q8_0', // so are keys and values
});
// #endregion settings

// #region preload
await trivium.preload('nano', {
  onProgress: (step) => {
    if (step.type === 'download-progress')
      console.log(`${step.file}: ${step.bytes}/${step.totalBytes}`);
    else if (step.share === 1) console.log('loaded');
  },
});
// #endregion preload

// #region count
const model = trivium('nano');
const prompt = [
  {
    role: 'user' as const,
    content: [{ type: 'text' as const, text: 'What is Kubernetes?' }],
  },
];
console.log(await model.countTokens(prompt), await model.fits(prompt, 900));
// #endregion count
