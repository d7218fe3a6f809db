/** Prompts for the usual flows over documents. They name tools of ours, and say how to cite. */
import { textBlock } from '../surface/content.js';
import type { Prompt, PromptArgument } from '../surface/surface.js';
import { documentTemplate } from './document-uri.js';

type CompletePath = (template: string, variable: string, typed: string) => Promise<string[]>;

const path: PromptArgument = {
  name: 'path',
  description: 'A document or folder, relative to the root. Default: all documents.',
};

const cite =
  'Cite every statement as path:line, quote sparingly and word for word, and say plainly what the documents do not answer. A citation can be read in its surroundings as the resource doc:///PATH?start=N&end=N.';

const within = (given: string | undefined) => (given ? ` with paths ["${given}"]` : '');

const asUser = (...lines: string[]) => [{ role: 'user' as const, content: textBlock(lines.join('\n\n')) }];

/** @param completePath completes a path below the root */
export function documentPrompts(completePath: CompletePath): Prompt[] {
  const complete = async (argument: string, typed: string) =>
    ['path', 'first', 'second'].includes(argument) ? completePath(documentTemplate, 'path', typed) : [];
  return [
    {
      name: 'ask_documents',
      title: 'Ask, with citations',
      description: 'Answers a question from the documents and cites what it says.',
      arguments: [{ name: 'question', description: 'The question.', required: true }, path],
      complete,
      get: async ({ question, path: given }) =>
        asUser(
          `Answer from the documents, not from memory: ${question}`,
          `Call documents_ask${within(given)}. Where its quotes do not settle the question, call documents_search with other words, up to three times.`,
          cite,
        ),
    },
    {
      name: 'summarize_documents',
      title: 'Summarize',
      description: 'Summarizes a document or folder to a length.',
      arguments: [path, { name: 'words', description: 'Length in words. Default: 200.' }],
      complete,
      get: async ({ path: given, words = '200' }) =>
        asUser(
          `Summarize ${given ?? 'the documents'} in about ${words} words.`,
          `Call documents_summarize${within(given)} with about three times as many words, then write the summary from its sentences: first what it is about, then what matters most.`,
          cite,
        ),
    },
    {
      name: 'write_briefing',
      title: 'Write a briefing in stages',
      description: 'Writes a long, cited text from the documents: points, sections, polish.',
      arguments: [
        { name: 'instruction', description: 'What to write, and for whom.', required: true },
        { name: 'words', description: 'Length in words. Default: 1000.' },
        path,
      ],
      complete,
      get: async ({ instruction, words = '1000', path: given }) =>
        asUser(
          `Write from the documents: ${instruction}. About ${words} words.`,
          `Work in stages. 1. Call documents_summarize${within(given)} with the instruction as query, and number the points that the text must make. 2. For each point call documents_search, and write its section from what is found. 3. Go over the whole: no repetitions, one voice, every citation kept.`,
          'With a language model at hand, jobs_start with the tool documents_write does all stages on this machine; follow it with jobs_watch.',
          cite,
        ),
    },
    {
      name: 'compare_documents',
      title: 'Compare two documents',
      description: 'Sets two documents side by side: where they agree, differ and are silent.',
      arguments: [
        { name: 'first', description: 'A document, relative to the root.', required: true },
        { name: 'second', description: 'Another.', required: true },
        { name: 'about', description: 'What to compare. Default: what both are about.' },
      ],
      complete,
      get: async ({ first, second, about }) =>
        asUser(
          `Compare ${first} and ${second}${about ? ` in what they say about ${about}` : ''}.`,
          `Call documents_summarize for each alone (paths ["${first}"], then ["${second}"])${about ? `, with the query "${about}"` : ''}; then documents_search over both for every point that only one of them makes, before you say that the other is silent.`,
          'Answer with a table of points (the first, the second, the difference) and one paragraph of what follows from it.',
          cite,
        ),
    },
  ];
}
