import { trivium } from '../../../lib/trivium';

/** The edge runtime loads no addons. */
export const runtime = 'nodejs';

/** All that a server takes: documents are sent with PUT, and a page of another origin asks with OPTIONS first. */
export const GET = trivium.fetch;
export const POST = trivium.fetch;
export const PUT = trivium.fetch;
export const DELETE = trivium.fetch;
export const OPTIONS = trivium.fetch;
