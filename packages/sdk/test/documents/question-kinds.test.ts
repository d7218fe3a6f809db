import { expect, it } from 'vitest';
import { questionKinds } from '../../src/documents/question-kinds.js';

it.each([
  ['How do I stop a stream?', ['how']],
  ['怎样停止流？', ['how']],
  ['How many retries are there?', ['number']],
  ['默认的端口是多少？', ['number']],
  ['Why is my chat empty?', ['why']],
  ['为什么没有回复？', ['why']],
  ['Does it retry?', ['whether']],
  ['可以关闭吗？', ['whether']],
  ['Can I raise the default limit?', ['how', 'number', 'whether']],
  ['stream protocol', []],
  ['', []],
])('%s', (question, kinds) => {
  expect([...questionKinds(question)].sort()).toEqual(kinds);
});
