import { createRequire } from 'node:module';
import { getEngine, platformName } from '@trivium/native';

const { name } = getEngine().backend;
const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.endsWith('.node'));
console.log(`${platformName()} ${name} ${loaded.join(' ')} node ${process.version}`);
