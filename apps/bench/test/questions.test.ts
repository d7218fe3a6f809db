import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

interface Question {
  question: string;
  language: 'en' | 'zh';
  path: string;
  answer: string;
  answers?: string[];
}

const docs = path.join(path.dirname(createRequire(import.meta.url).resolve('ai/package.json')), 'docs');
const plain = (text: string) => text.replace(/\s+/g, ' ');

describe.each(['ai-docs-questions', 'ai-docs-test-questions'])('%s', (set) => {
  const file = fileURLToPath(new URL(`../fixtures/${set}.json`, import.meta.url));
  const questions = JSON.parse(readFileSync(file, 'utf8')) as Question[];

  test('there are 100 questions, 30 of them Chinese, over at least 60 pages', () => {
    expect(questions).toHaveLength(100);
    expect(questions.filter(({ language }) => language === 'zh')).toHaveLength(30);
    expect(
      questions.every(({ question, language }) => /\p{Script=Han}/u.test(question) === (language === 'zh')),
    ).toBe(true);
    expect(new Set(questions.map((question) => question.path)).size).toBeGreaterThanOrEqual(60);
    expect(new Set(questions.map(({ question }) => question)).size).toBe(100);
  });

  test.each(questions)(
    'the answer of "$question" stands in its page',
    ({ path: page, answer, answers = [answer] }) => {
      expect(plain(readFileSync(path.join(docs, page), 'utf8'))).toContain(answer);
      expect(answers).toContain(answer);
    },
  );

  test('every alternative answer stands in some page', () => {
    const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.mdx'),
    );
    const texts = pages.map((name) => plain(readFileSync(path.join(docs, name), 'utf8')));
    const alternatives = questions.flatMap(({ answers = [] }) => answers);
    expect(alternatives.filter((answer) => !texts.some((text) => text.includes(answer)))).toEqual([]);
  });
});
