/**
 * Where the embedded models lie on disk. Knows nothing of how they are run: that is the engine's business.
 */
import { fileURLToPath } from 'node:url';

/** Version of the weights; it changes when a vector changes. */
export const NANO_VERSION = '0.1.0';

/** Contextual sentence embedder: BERT, 256 dimensions, mean pooling. Carries the tokenizer of both models. */
export const embedModelFile: string = fileURLToPath(new URL('../models/embed.gguf', import.meta.url));

/** Language model for Chinese and English technical text: a llama row of 8 million weights, 1,024 tokens of context. */
export const languageModelFile: string = fileURLToPath(new URL('../models/language.gguf', import.meta.url));

/**
 * Cross-encoder that tells whether a passage answers a question: BERT with a head of one label, 256 dimensions. Its token types
 * say how well tokens match by the static vectors; the tokenizer is that of `embedModelFile`.
 */
export const rankModelFile: string = fileURLToPath(new URL('../models/rank.gguf', import.meta.url));

/** Static token vectors: a text is the normalised sum of its tokens' rows. */
export const staticModelFile: string = fileURLToPath(new URL('../models/static.gguf', import.meta.url));
