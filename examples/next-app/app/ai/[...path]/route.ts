import { trivium } from '../../../lib/trivium';

/** The edge runtime loads no addons. */
export const runtime = 'nodejs';

export const GET = trivium.fetch;
export const POST = trivium.fetch;
