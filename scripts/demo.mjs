// The README's demo line: build what is not built, then run the example.
import { build } from './build.mjs';
import { run } from './workspace.mjs';

await build();
const { code } = await run(process.execPath, ['examples/read-the-docs.mjs']);
process.exitCode = code;
