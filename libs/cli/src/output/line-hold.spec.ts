// Live output into a file.
import { expect, it } from 'vitest';
import { LineHold } from './line-hold.ts';

function written(isTTY: boolean): string {
  let text = '';
  const hold = new LineHold({ isTTY, write: (piece) => (text += piece) });
  for (const piece of ['10%\r', '\r20%', '\r30%\r', 'done\nne', 'xt'])
    hold.write({ attempt: 1, output: 'stdout', text: piece });
  hold.write({ attempt: 1, output: 'stderr', text: 'other\n' });
  hold.end();
  return text;
}

it('is whole lines in their last state, and on a terminal what came', () => {
  expect(written(false)).toBe('done\nother\nnext');
  expect(written(true)).toBe('10%\r\r20%\r30%\rdone\nnextother\n');
});
