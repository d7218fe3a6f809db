/** What kind of answer a question wants, by the words it asks with, in English and Chinese. */

const kinds = {
  how: /^\W*(?:how (?:do|does|can|could|should|would|to)\b|can i\b|may i\b|is there (?:a|any) way)|怎么|怎样|如何|咋/i,
  number:
    /\bhow (?:many|much|long|often|large|big|far|old|fast|deep)\b|\b(?:which|what) (?:\w+ )?(?:version|release|port|number|size|limit|value|status|code)\b|\bdefault\b|多少|几个|几种|几次|多久|多长|多大|哪个版本|什么版本|端口|默认/i,
  why: /\bwhy\b|\bwhat(?:'s| is) wrong\b|\breason\b|\bcauses?\b|为什么|为何|原因|怎么回事/i,
  whether:
    /^\W*(?:do|does|did|is|are|can|may|should|will|would|must|has|have|am)\b|吗[？?]?\s*$|是否|能不能|可不可以|会不会|要不要|有没有|是不是/i,
};

export type QuestionKind = keyof typeof kinds;

/** A question may be of several kinds, or of none. */
export const questionKinds = (question: string): ReadonlySet<QuestionKind> =>
  new Set((Object.keys(kinds) as QuestionKind[]).filter((kind) => kinds[kind].test(question.trim())));
