import { type Citation, defineCapability, TriviumError } from '@trivium/protocol';
import { createClient, createTrivium, documents } from '@trivium/sdk';
import { createLongText } from '@trivium/sdk/long-text';
import { generateText } from 'ai';

/** Types that are lost would be `any`: then each of these lines is an error. */
type IsAny<T> = 0 extends 1 & T ? true : false;
function isKnown<T>(_: T, isAny: IsAny<T>): boolean {
  return isAny;
}

export async function use(): Promise<string> {
  const client = createClient();
  const answer = await client.use(documents).ask({ paths: ['tea.md'], question: 'How long?' });
  isKnown(answer.citations, false);
  isKnown(client.host.models, false);
  isKnown(createTrivium({ specification: 'v3' })('nano'), false);
  isKnown(createLongText, false);
  isKnown(defineCapability, false);
  const first: Citation | undefined = answer.citations[0];
  const { text } = await generateText({
    model: createTrivium({ specification: 'v3' })('nano'),
    prompt: 'Green tea',
    maxOutputTokens: 5,
  });
  if (!first) throw new TriviumError('not-found', 'Nothing.');
  return `${first.text} ${text}`;
}
