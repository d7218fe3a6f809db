/** Clients of the server: some read to the end, some vanish, some lose their chat and take it up again, some cancel it. */

const jsonHeaders = { 'content-type': 'application/json' };
const post = (url, body, signal) =>
  fetch(url, { method: 'POST', headers: jsonHeaders, body: JSON.stringify(body), ...(signal && { signal }) });

/** Heartbeats keep quiet connections open; they are no part of the stream. */
const withoutHeartbeats = (text) => text.replaceAll(/(?<=^|\n\n):\n\n/g, '');

/** Reads until `enough` says so, or to the end; answers what was read. */
async function read(response, enough = () => false) {
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of response.body) {
    text += decoder.decode(bytes, { stream: true });
    if (enough(text)) break;
  }
  return text;
}

const uiBody = (id, words) => ({
  id,
  maxOutputTokens: 64,
  temperature: 0,
  messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: words }] }],
});

/** What a client may do, by how often it does it; each says what was wrong, or nothing. */
export const behaviours = {
  async readsAll({ url, words }) {
    const text = await read(
      await post(`${url}/v1/chat/completions`, {
        stream: true,
        max_tokens: 64,
        temperature: 0,
        messages: [{ role: 'user', content: words }],
      }),
    );
    return text.endsWith('data: [DONE]\n\n') ? undefined : 'a stream that did not end';
  },
  async vanishes({ url, words, random }) {
    const left = new AbortController();
    const after = Math.floor(random() * 2000);
    const response = await post(
      `${url}/v1/chat/completions`,
      { stream: true, max_tokens: 64, temperature: 0, messages: [{ role: 'user', content: words }] },
      left.signal,
    );
    await read(response, (text) => text.length > after).catch(() => {});
    left.abort();
    return undefined;
  },
  async resumes({ url, words, random, id }) {
    const left = new AbortController();
    const after = 200 + Math.floor(random() * 1500);
    const seen = withoutHeartbeats(
      await read(
        await post(`${url}/api/chat`, uiBody(id, words), left.signal),
        (text) => text.length > after,
      ),
    );
    left.abort();
    const again = await fetch(`${url}/api/chat/${id}/stream`);
    // It may have ended meanwhile.
    if (again.status === 204) return undefined;
    const whole = withoutHeartbeats(await read(again));
    if (!whole.startsWith(seen)) return 'a resumed stream that differs from what was seen';
    return whole.endsWith('data: [DONE]\n\n') ? undefined : 'a resumed stream that did not end';
  },
  async cancels({ url, words, id }) {
    const left = new AbortController();
    await read(await post(`${url}/api/chat`, uiBody(id, words), left.signal), (text) => text.length > 300);
    left.abort();
    const { cancelled } = await (await post(`${url}/api/chat/${id}/cancel`, {})).json();
    return typeof cancelled === 'boolean' ? undefined : 'a cancel without an answer';
  },
};
