/** Static vectors of passages in batches, while the next documents are being read. */
import { chunkCount, type IndexedDocument, openingTexts, vectorTexts } from './indexed-document.js';
import { ranking } from './ranking.js';
import type { DocumentEmbedder } from './types.js';
import { packVectors } from './vectors.js';

const batchSize = 256;

export class VectorBatches {
  readonly #embedder: DocumentEmbedder | undefined;
  readonly #signal: AbortSignal | undefined;
  #documents: IndexedDocument[] = [];
  #passages = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(embedder: DocumentEmbedder | undefined, signal: AbortSignal | undefined) {
    this.#embedder = embedder;
    this.#signal = signal;
  }

  /** Waits only where two batches would run at once. */
  async add(document: IndexedDocument): Promise<void> {
    if (!this.#embedder || chunkCount(document) === 0) return;
    this.#documents.push(document);
    this.#passages += chunkCount(document);
    if (this.#passages >= batchSize) await this.#start();
  }

  async finish(): Promise<void> {
    await this.#start();
    await this.#running;
  }

  async #start(): Promise<void> {
    await this.#running;
    const documents = this.#documents;
    this.#documents = [];
    this.#passages = 0;
    if (documents.length === 0) return;
    this.#running = this.#embed(documents);
    this.#running.catch(() => {});
  }

  async #embed(documents: readonly IndexedDocument[]): Promise<void> {
    const embedder = this.#embedder!;
    const texts: string[] = [];
    const rowsOf = documents.map((document) => {
      const rows = new Int32Array(chunkCount(document) + 2);
      const first = texts.length;
      for (let chunk = 0; chunk < chunkCount(document); chunk++) {
        texts.push(...vectorTexts(document, chunk));
        rows[chunk + 1] = texts.length - first;
      }
      texts.push(...openingTexts(document, ranking.openingParagraphs));
      rows[chunkCount(document) + 1] = texts.length - first;
      return rows;
    });
    const options = { role: 'passage' as const, ...(this.#signal && { signal: this.#signal }) };
    const { embeddings, inputTokens } = await embedder.embed(texts, options);
    const tokensPerCharacter = inputTokens / texts.reduce((sum, text) => sum + text.length, 0);
    let row = 0;
    for (const [index, document] of documents.entries()) {
      const rows = rowsOf[index]!;
      document.vectors = packVectors(embeddings, embedder.width, rows, row);
      if (inputTokens > 0) document.tokens = Math.round(document.text.length * tokensPerCharacter);
      row += rows.at(-1)!;
    }
  }
}
