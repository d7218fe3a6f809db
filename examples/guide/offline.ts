// #region offline
import { TriviumError } from '@trivium/protocol';
import { createTrivium } from '@trivium/sdk/provider';

await using trivium = createTrivium({ hub: { offline: true } });

try {
  await trivium.preload('hf:org/repo:Q4_K_M');
} catch (error) {
  if (TriviumError.isInstance(error)) console.log(error.code, error.remedy);
}
// #endregion offline
