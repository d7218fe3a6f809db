// #region embed
import { createTrivium } from '@trivium/sdk/provider';
import { cosineSimilarity, embedMany, rerank } from 'ai';

await using trivium = createTrivium({ specification: 'v3' });
const { embeddings } = await embedMany({
  model: trivium.embeddingModel('nano'),
  values: ['Back up the database.', '备份数据库。', 'Paint the fence.'],
});
const [english, chinese, other] = embeddings;
console.log(
  cosineSimilarity(english!, chinese!) > cosineSimilarity(english!, other!),
);
// #endregion embed

// #region rerank
const { ranking } = await rerank({
  model: trivium.rerankingModel('nano'),
  query: 'How do I save a copy of my data?',
  documents: [
    'Paint the fence in spring.',
    'A dump of the database is a complete backup.',
  ],
});
console.log(ranking[0]?.document);
// #endregion rerank
