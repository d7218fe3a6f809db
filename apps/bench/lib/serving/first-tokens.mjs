/** Time to the first token, through the engine alone and through the server: the same prompts, all clients at once. */
import { createTrivium } from '@trivium/sdk/provider';

/** Prompts that share no prefix, so that none finds another's pages. */
export const promptOf = (client, round) =>
  Array.from({ length: 48 }, (_, at) => `${(client * 7919 + round * 104729 + at * 31) % 9973}`).join(' ');

export const firstTokenTokens = 8;

const settings = { maxSequences: 64, maxQueue: 256 };
let trivium;

/** Milliseconds from the call to the first piece, of `clients` calls at once, in this process without a server. */
export async function engineRound(name, clients, round) {
  trivium ??= createTrivium(settings);
  const model = trivium(name);
  return atOnce(clients, async (client) => {
    const started = performance.now();
    const { stream } = await model.doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: promptOf(client, round) }] }],
      maxOutputTokens: firstTokenTokens,
    });
    let firstMs;
    for await (const part of stream) if (part.type === 'text-delta') firstMs ??= performance.now() - started;
    return firstMs;
  });
}

/** The same through the server at `url`; connections are kept, as clients keep them. */
export async function serverRound(url, model, clients, round) {
  return atOnce(clients, async (client) => {
    const started = performance.now();
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model,
        stream: true,
        max_tokens: firstTokenTokens,
        temperature: 0,
        messages: [{ role: 'user', content: promptOf(client, round) }],
      }),
    });
    if (!response.ok) throw new Error(await response.text());
    const decoder = new TextDecoder();
    let [text, firstMs] = ['', undefined];
    for await (const bytes of response.body) {
      text += decoder.decode(bytes, { stream: true });
      // The first chunk names the role and has no text.
      if (firstMs === undefined && /"content":"[^"]/.test(text)) firstMs = performance.now() - started;
    }
    return firstMs;
  });
}

async function atOnce(clients, one) {
  const found = await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  return found.filter((ms) => ms !== undefined);
}
