// #region object
import { createClient, loadPlugins } from '@trivium/sdk';
import wordCount from 'trivium-plugin-word-count';

await using client = createClient();
const { count } = client.use(wordCount);
console.log(await count({ texts: ['How many?', '三个词在这里'] }));
// #endregion object

// #region progress
const counting = count({ texts: ['one', 'two words'] });
for await (const { done, total } of counting) console.log(`${done} of ${total}`);
console.log((await counting).total);
// #endregion progress

// #region name
await using loaded = await loadPlugins(['word-count']); // in a thread of its own
for (const { name, capabilities } of loaded.plugins)
  console.log(
    name,
    capabilities.map(({ capability }) => capability.name),
  );
// #endregion name
