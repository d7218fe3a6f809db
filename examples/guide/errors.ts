// #region errors
import { TriviumError } from '@trivium/protocol';
import { createClient, models } from '@trivium/sdk';

await using client = createClient();
const { inspect } = client.use(models);

try {
  await inspect({ file: './handbook/retries.md' });
} catch (error) {
  if (!TriviumError.isInstance(error)) throw error;
  const { code, message, remedy } = error;
  console.log({ code, message, remedy });
}
// #endregion errors
