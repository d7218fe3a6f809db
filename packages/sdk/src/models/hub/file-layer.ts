/** The part of the file system that downloads write through, so that tests can fill the disk at any moment. */
import * as disk from 'node:fs/promises';

export type FileLayer = Pick<
  typeof disk,
  'open' | 'rename' | 'unlink' | 'mkdir' | 'stat' | 'readdir' | 'readFile' | 'link' | 'statfs'
>;

export const diskFiles: FileLayer = disk;
