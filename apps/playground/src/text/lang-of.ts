/** The language of a text, for the fonts and line breaks of a browser: Chinese where Han characters are, else the page's. */
export const langOf = (text: string): 'zh-Hans' | undefined =>
  /\p{Script=Han}/u.test(text.slice(0, 2000)) ? 'zh-Hans' : undefined;
