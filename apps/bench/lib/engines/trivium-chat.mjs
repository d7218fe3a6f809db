/** Our provider's chat templates behind the face that `child.mjs` asks: messages to token ids, nothing is computed. */
import { createTrivium } from '@trivium/sdk';

export async function openTriviumChat({ file, contextTokens }) {
  const trivium = createTrivium({ contextTokens });
  const model = trivium(file);
  return {
    facts: {},
    async encodeChat(messages) {
      const prompt = messages.map(({ role, content }) => ({
        role,
        content: role === 'system' ? content : [{ type: 'text', text: content }],
      }));
      return Array.from(await model.encode(prompt));
    },
    dispose: () => trivium.dispose(),
  };
}
