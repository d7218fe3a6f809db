// #region read
import { createClient, documents } from '@trivium/sdk';

await using client = createClient();
const docs = client.use(documents);
const paths = ['./handbook'];

const report = await docs.read(
  { paths },
  {
    onProgress: (step) => {
      if (step.type !== 'read-progress') return; // a model of search that is fetched
      const { done, total } = step;
      if (done === total) console.log(`${done} of ${total}`);
    },
  },
);
console.log(
  `${report.documents} documents, ${report.chunks} passages, ${report.tokens} tokens`,
);
for (const { path, reason } of report.skipped)
  console.log(`skipped ${path}: ${reason}`);
// #endregion read

// #region search
const { hits } = await docs.search({
  paths,
  query: 'how many attempts does a task have',
  limit: 2,
});
for (const { path, line, text } of hits)
  console.log(`${path}:${line}  ${text.slice(0, 60)}`);
// #endregion search

// #region chinese
const chinese = await docs.search({ paths, query: '怎样备份数据库', limit: 1 });
console.log(`${chinese.hits[0]?.path}:${chinese.hits[0]?.line}`);
// #endregion chinese
