/**
 * The process of one engine: loads a model once, then does one measure at a time as it is told, and idles between.
 * Knows neither rounds nor figures. Messages in: `{ id, call, values }`; out: `{ id, value }` or `{ id, error }`.
 */

// Imported when asked for: neither engine's process holds the other.
const open = {
  trivium: async (settings) => (await import('./trivium.mjs')).openTrivium(settings),
  'trivium-chat': async (settings) => (await import('./trivium-chat.mjs')).openTriviumChat(settings),
  'node-llama-cpp': async (settings) => (await import('./node-llama-cpp.mjs')).openNodeLlamaCpp(settings),
};
let engine;

async function answer(call, values) {
  if (call === 'open') {
    const [name, settings] = values;
    engine = await open[name](settings);
    return engine.facts;
  }
  return engine[call](...values);
}

process.on('message', async ({ id, call, values }) => {
  try {
    process.send({ id, value: await answer(call, values) });
  } catch (error) {
    process.send({ id, error: error.stack ?? String(error) });
  }
});

// Whoever started this process is gone: nobody will ask again.
process.on('disconnect', () => process.exit());
