/** SQuALITY as jobs: a story's sentences, the question (none for the plot), the references and the length to reach. */
import { countWords, splitSentences } from '@trivium/sdk/long-text';
import { readRows } from './data.mjs';

const referenceText = (response) => (typeof response === 'string' ? response : response.text);
const wordCount = (text) => text.split(/\s+/).filter(Boolean).length;

export function squalityJobs(split) {
  const stories = readRows(`summaries/squality-${split}.jsonl`);
  return stories?.flatMap(({ id, document, questions }) => {
    const sentences = splitSentences(document)
      .map(({ text }) => ({ text: text.replace(/\s+/g, ' '), words: countWords(text) }))
      .filter(
        ({ words, text }) =>
          words >= 3 && words <= 150 && !/Transcriber|Project Gutenberg|copyright/i.test(text),
      );
    return questions.map(({ question, responses }, index) => {
      const references = responses.map(referenceText);
      const words = references.reduce((sum, text) => sum + wordCount(text), 0) / references.length;
      return { id, index, sentences, question, query: index === 0 ? undefined : question, references, words };
    });
  });
}
