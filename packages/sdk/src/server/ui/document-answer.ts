/**
 * An answer from documents as a UI message stream: how reading stands, what could not be read, the text as it comes, and what its
 * markers cite. It is the capability `ask`, told in the AI SDK's chunks. Refuses to know how answers are found.
 */
import { randomUUID } from 'node:crypto';
import {
  contracts,
  type OutputOf,
  type ProgressOf,
  type TriviumDataPart,
  TriviumError,
} from '@trivium/protocol';
import { ask } from '../../host/documents-plugin.js';
import { doneFrame, frameOf } from '../event-stream.js';
import { callerOf } from '../gate/caller.js';
import type { RouteCall } from '../route.js';
import type { ServerContext } from '../server-context.js';
import type { UiChatRequest } from './chat-schema.js';
import { errorFrame, warningPart } from './ui-answer.js';

type DocumentsRequest = NonNullable<UiChatRequest['documents']>;
type Answer = OutputOf<typeof contracts.ask>;

export interface DocumentAnswerInput {
  paths: string[];
  question: string;
  limit: number;
  /** A reference of the host's own; without one the answer is made of quotes. */
  model?: string;
}

/**
 * The call, with its paths inside the root and its question: the last text of the user.
 * @throws TriviumError `outside-root`, `invalid-argument` where nothing is asked, `unsupported` for models that are not the host's
 */
export async function documentInput(
  { paths, limit, writes }: DocumentsRequest,
  { messages, model }: UiChatRequest,
  { models, folder }: ServerContext,
  signal: AbortSignal,
): Promise<DocumentAnswerInput> {
  if (!folder.implementations.includes(ask)) {
    throw new TriviumError('unsupported', 'This server answers from no documents.', {
      field: 'documents',
      remedy: 'Leave documents out, or serve the plugin documents.',
    });
  }
  const last = messages.at(-1);
  const texts = last?.role === 'user' ? last.parts : [];
  const question = texts.flatMap(({ type, text }) => (type === 'text' ? [String(text)] : [])).join('\n');
  if (question.trim() === '') {
    throw new TriviumError('invalid-argument', 'The last message asks nothing.', {
      field: 'messages',
      expected: 'a text of the user at the end',
      remedy: 'Send the question as the last message.',
    });
  }
  const served = writes ? await models.language(model) : undefined;
  if (served && served.reference === undefined) {
    throw new TriviumError('unsupported', `"${served.id}" writes no answers from documents.`, {
      field: 'model',
      expected: 'a model of the host: nano, a path, hf:',
      remedy: 'Name such a model, or leave writes out.',
    });
  }
  const confined = await folder.confine(ask.capability, { paths, question, limit }, signal);
  return { ...(confined as Omit<DocumentAnswerInput, 'model'>), ...(served && { model: served.reference! }) };
}

type Chunk = TriviumDataPart | { type: string; id?: string; delta?: string; messageId?: string };

/** The frames of an answer; always ends with `[DONE]`. */
export async function* documentFrames(
  input: DocumentAnswerInput,
  { folder }: Pick<ServerContext, 'folder'>,
  { request, failure }: Pick<RouteCall, 'request' | 'failure'>,
  signal: AbortSignal,
): AsyncGenerator<string, void, void> {
  try {
    const running = folder.stream(ask, { ...input }, { signal, caller: callerOf(request) });
    for await (const chunk of chunksOf(running as AsyncGenerator<Step, Answer, void>))
      yield frameOf({ data: JSON.stringify(chunk) });
  } catch (error) {
    yield signal.aborted
      ? frameOf({ data: JSON.stringify({ type: 'abort' }) })
      : errorFrame(failure(error).message);
  }
  yield doneFrame;
}

type Step = ProgressOf<typeof contracts.ask>;

type ModelStep = Extract<Step, { type: 'download-progress' | 'load-progress' }>;

const isOfModel = (step: Step): step is ModelStep =>
  step.type === 'download-progress' || step.type === 'load-progress';

type Stage = Extract<TriviumDataPart, { type: 'data-trivium-stage' }>['data'];

async function* chunksOf(running: AsyncGenerator<Step, Answer, void>): AsyncGenerator<Chunk> {
  let current: Stage | undefined;
  const stage = (data: Stage): Chunk => {
    current = data;
    return { type: 'data-trivium-stage', id: `stage-${data.stage}`, data };
  };
  const id = 'answer';
  let hasText = false;
  let warnings = 0;
  let before: 'nothing' | 'model' | 'read' = 'nothing';
  yield { type: 'start', messageId: `msg_${randomUUID().replaceAll('-', '')}` };
  yield { type: 'start-step' };
  try {
    for (;;) {
      const step = await running.next();
      if (step.done || !isOfModel(step.value)) {
        if (before === 'model') yield stage({ stage: 'model', status: 'finished' });
        if (before !== 'read') yield stage({ stage: 'read', status: 'running' });
        before = 'read';
      }
      if (step.done) {
        if (hasText) yield { type: 'text-end', id };
        const { citations } = step.value;
        for (const [index, citation] of citations.entries()) {
          const number = index + 1;
          yield { type: 'data-trivium-citation', id: `citation-${number}`, data: { number, citation } };
        }
        yield stage({ stage: 'answer', status: 'finished' });
        yield { type: 'finish-step' };
        yield { type: 'finish' };
        return;
      }
      if (isOfModel(step.value)) {
        before = 'model';
        yield stage({ stage: 'model', status: 'running', ...contracts.modelFigures(step.value) });
        continue;
      }
      if (step.value.type === 'read-progress') {
        const { done, total } = step.value;
        yield stage({ stage: 'read', status: done < total ? 'running' : 'finished', done, total });
        continue;
      }
      if (step.value.type === 'warning') {
        const { message, path } = step.value;
        warnings += 1;
        yield warningPart(warnings, { message, ...(path !== undefined && { path }) });
        continue;
      }
      if (!hasText) {
        hasText = true;
        yield stage({ stage: 'answer', status: 'running' });
        yield { type: 'text-start', id };
      }
      yield { type: 'text-delta', id, delta: step.value.text };
    }
  } catch (error) {
    if (current?.status === 'running') yield stage({ ...current, status: 'stopped' });
    throw error;
  } finally {
    await running.return(undefined as never).catch(() => {});
  }
}
