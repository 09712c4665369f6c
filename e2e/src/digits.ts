// The UCI digits: exported from scikit-learn, with every fifth image held out, as the training does it.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { InferenceClient } from '@baton/sdk';

const EXAMPLE = fileURLToPath(new URL('../../examples/digits', import.meta.url));
export const TRAINING_CODE = `${EXAMPLE}/code`;
const CLASSES = 10;

export async function exportDigits(python: string, csv: string): Promise<void> {
  await promisify(execFile)(python, [`${EXAMPLE}/export_dataset.py`, csv]);
}

/** Share of the held-out images that the endpoint recognises, computed from its answers. */
export async function servedAccuracy(
  where: { readonly url: string; readonly token: string | undefined; readonly endpoint: string },
  csv: string,
): Promise<number> {
  const rows = (await readFile(csv, 'utf8')).trim().split('\n').slice(1);
  const images = rows.filter((_, index) => index % 5 === 0).map((row) => row.split(',').map(Number));
  const { url, token, endpoint } = where;
  const answer = await new InferenceClient({ url, ...(token === undefined ? {} : { token }) }).infer(endpoint, [
    { name: 'pixels', shape: [images.length, 64], datatype: 'FP32', data: images.flatMap((image) => image.slice(1)) },
  ]);
  const scores = answer.outputs[0]?.data as number[];
  const right = images.filter(([label], index) => {
    const row = scores.slice(index * CLASSES, (index + 1) * CLASSES);
    return row.length === CLASSES && row.indexOf(Math.max(...row)) === label;
  });
  return right.length / images.length;
}
