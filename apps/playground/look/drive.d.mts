import type { Page } from 'playwright';

export declare const draft: { name: string; text: string };
export declare function openPlayground(page: Page, url: string): Promise<void>;
export declare function drop(
  page: Page,
  file: { name: string; text?: string; bytes?: number[] },
): Promise<void>;
export declare function dropDraft(page: Page): Promise<void>;
export declare function show(page: Page, tab: string): Promise<void>;
export declare function ask(page: Page, question: string): Promise<void>;
export declare function write(page: Page, instruction: string, words: number): Promise<void>;
export declare function written(page: Page): Promise<void>;
export declare function chat(page: Page, text: string): Promise<void>;
