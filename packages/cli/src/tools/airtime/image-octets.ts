import { stat } from 'node:fs/promises';
import { InputError } from '../tool-error.ts';

/** The length of an image given as a number of octets or as a file. @throws InputError when it is empty or no file */
export async function imageOctets(image: string): Promise<number> {
  if (/^\d+$/.test(image)) return atLeastOne(Number(image));
  const file = await stat(image);
  if (!file.isFile()) throw new InputError(`${image} is no file`);
  return atLeastOne(file.size);
}

function atLeastOne(octets: number): number {
  if (octets < 1) throw new InputError('the image is empty');
  return octets;
}
