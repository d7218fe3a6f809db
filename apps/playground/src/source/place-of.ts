/** Where a citation stands, for a reader: of a document that was sent from here the name alone says something. */
import { citationPlace } from '@trivium/react';

type Citation = Parameters<typeof citationPlace>[0];

export const shownPath = (path: string): string => path.replace(/^\.trivium\/scratch\/\w+\/\w+\//, '');

export const placeOf = (citation: Citation): string =>
  citationPlace({ ...citation, path: shownPath(citation.path) });
