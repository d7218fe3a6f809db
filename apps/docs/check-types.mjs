// That wrong TypeScript on a page would be refused: a check that passes whatever it is given looks like one that passes.
import { createTwoslasher } from 'twoslash';
import { twoslashOptions } from './.vitepress/twoslash-options.mjs';

const wrong = "import { createClient } from '@trivium/sdk';\nexport const count: number = createClient();\n";

/** @returns a sentence where the check is blind */
export function typeCheckFaults() {
  try {
    createTwoslasher(twoslashOptions)(wrong, 'ts');
  } catch (error) {
    return /2322/.test(String(error)) ? [] : [`twoslash refused a wrong type for another reason: ${error}`];
  }
  return ['twoslash accepted a client as a number: nothing on the pages is checked'];
}
