/** Time to the first token, through the engine alone and through the server: the same prompts, all clients at once. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
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

const connections = new Agent({ keepAlive: true });

/**
 * The same through the server at `url`; connections are kept, as clients keep them. By `node:http`, which takes a third of
 * what `fetch` does of the two cores that client, server and engine share.
 */
export async function serverRound(url, model, clients, round) {
  return atOnce(clients, async (client) => {
    const started = performance.now();
    const body = JSON.stringify({
      model,
      stream: true,
      max_tokens: firstTokenTokens,
      temperature: 0,
      messages: [{ role: 'user', content: promptOf(client, round) }],
    });
    const call = request(`${url}/v1/chat/completions`, {
      agent: connections,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    call.end(body);
    const [response] = await once(call, 'response');
    response.setEncoding('utf8');
    let [text, firstMs] = ['', undefined];
    response.on('data', (piece) => {
      text += piece;
      // The first chunk names the role and has no text.
      if (firstMs === undefined && /"content":"[^"]/.test(text)) firstMs = performance.now() - started;
    });
    await once(response, 'end');
    if (response.statusCode !== 200) throw new Error(text);
    return firstMs;
  });
}

async function atOnce(clients, one) {
  const found = await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  return found.filter((ms) => ms !== undefined);
}
