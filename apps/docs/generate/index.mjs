// Writes all pages that are made from the packages: they are not kept in git, so that none can be out of date.
import { writeApi } from './api.mjs';
import { writeBenchmarks } from './benchmarks.mjs';
import { writeCapabilities } from './capabilities.mjs';
import { writeCommandLine } from './command-line.mjs';
import { writeErrors } from './errors.mjs';
import { writeMcpTools } from './mcp-tools.mjs';

writeCapabilities();
writeCommandLine();
await writeMcpTools();
writeErrors();
writeBenchmarks();
await writeApi();
