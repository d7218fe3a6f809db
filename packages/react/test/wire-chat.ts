/**
 * The chat of the wire server: answers `word 1 word 2 …` for a message of that many words and fails for one that is no
 * number, goes on when its client goes,
 * tells an answer again from its beginning until it was told to its end, and stops only by `cancel`.
 */
import { change, json, type Streamed, type WireRequest } from './wire.js';

interface Answer {
  id: string;
  parts: object[];
  isOver: boolean;
  /** It was told to its end, or nobody wants it. */
  isRead: boolean;
  listeners: Set<() => void>;
  controller: AbortController;
}

type Handler = (match: RegExpExecArray, request: WireRequest) => Response | Promise<Response>;
type ChatRoute = [string, RegExp, Handler];

export function chatRoutes(streamed: Streamed): ChatRoute[] {
  const answers = new Map<string, Answer>();
  let told = 0;

  const tell = (answer: Answer, request: WireRequest) => {
    const response = streamed(request, async (send, signal) => {
      for (let at = 0; !signal.aborted; ) {
        const part = answer.parts[at];
        if (part) {
          at += 1;
          send(`data: ${JSON.stringify(part)}\n\n`);
          continue;
        }
        if (answer.isOver) {
          send('data: [DONE]\n\n');
          answer.isRead = true;
          return;
        }
        await change(answer.listeners, signal);
      }
    });
    response.headers.set('x-vercel-ai-ui-message-stream', 'v1');
    return response;
  };

  return [
    [
      'POST',
      /^\/api\/chat$/,
      (_, request) => {
        const { id, messages } = request.body() as { id: string; messages: { parts: { text?: string }[] }[] };
        const [words = '1', pauseMs = '0'] = (messages.at(-1)?.parts[0]?.text ?? '').split(' ');
        told += 1;
        const answer: Answer = {
          id: `answer-${told}`,
          parts: [],
          isOver: false,
          isRead: false,
          listeners: new Set(),
          controller: new AbortController(),
        };
        answers.set(id, answer);
        void write(answer, Number(words), Number(pauseMs));
        return tell(answer, request);
      },
    ],
    [
      'GET',
      /^\/api\/chat\/([^/]+)\/stream$/,
      ([, id = ''], request) => {
        const answer = answers.get(decodeURIComponent(id));
        return !answer || answer.isRead ? new Response(null, { status: 204 }) : tell(answer, request);
      },
    ],
    [
      'POST',
      /^\/api\/chat\/([^/]+)\/cancel$/,
      ([, id = '']) => {
        const answer = answers.get(decodeURIComponent(id));
        const cancelled = answer !== undefined && !answer.isOver;
        answer?.controller.abort();
        if (answer) answer.isRead = true;
        return json({ id, cancelled });
      },
    ],
  ];
}

async function write(answer: Answer, words: number, pauseMs: number): Promise<void> {
  const add = (part: object) => {
    answer.parts.push(part);
    for (const listener of [...answer.listeners]) listener();
  };
  add({ type: 'start', messageId: answer.id });
  if (Number.isNaN(words)) add({ type: 'error', errorText: 'The model is gone.' });
  add({ type: 'text-start', id: 't' });
  for (let word = 1; word <= words && !answer.controller.signal.aborted; word += 1) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    add({ type: 'text-delta', id: 't', delta: `word ${word} ` });
  }
  if (answer.controller.signal.aborted) add({ type: 'abort' });
  else {
    add({ type: 'text-end', id: 't' });
    add({ type: 'finish' });
  }
  answer.isOver = true;
  for (const listener of [...answer.listeners]) listener();
}
