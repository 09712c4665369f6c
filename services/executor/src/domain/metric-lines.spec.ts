// What counts as a metric in a line of output.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochLine, lineMetrics } from './metric-lines.ts';

function read(line: string) {
  const found = lineMetrics(line);
  return found && { step: found.step, ...Object.fromEntries(found.values) };
}

describe('a line of output', () => {
  it.each([
    ['epoch=3 loss=0.11 accuracy=0.97', { step: 3, loss: 0.11, accuracy: 0.97 }],
    ['INFO 12:00:01 step = 1200, epoch = 3, lr=1e-3;', { step: 1200, epoch: 3, lr: 0.001 }],
    ['epoch=3/10 loss=-.5 val/acc=97.5%', { step: 3, loss: -0.5, 'val/acc': 97.5 }],
    ['{"iteration": 7, "loss": 0.25, "note": "x", "nested": {"y": 1}}', { step: 7, loss: 0.25 }],
    ['1563/1563 ━━━ 5s 3ms/step - accuracy: 0.9012 - loss: 0.3e-1', { step: null, accuracy: 0.9012, loss: 0.03 }],
    [' - loss: 0.3 - accuracy: 0.9', { step: null, loss: 0.3, accuracy: 0.9 }],
    ['[loss=0.5]', { step: null, loss: 0.5 }],
    ['{not json loss=0.5}', { step: null, loss: 0.5 }],
  ])('gives its metrics: %s', (line, expected) => {
    expect(read(line)).toEqual(expected);
  });

  it.each([
    ['a number that is none', 'loss=NaN acc=Infinity f1=1e400 x=-inf'],
    ['text', 'version=1.2.3 path=/tmp/x name=abc 3=4 =5 loss='],
    ['JSON without numbers', '{"loss": "0.5", "nan": null}'],
    ['JSON beyond the numbers', '{"loss": 1e999}'],
    ['a step alone', 'epoch=3'],
    ['what only the agent measures', 'system/cpu=99'],
    ['an address', 'listening on http://127.0.0.1:8080/ port: many'],
    ['nothing', ''],
  ])('gives none for %s', (_what, line) => {
    expect(read(line)).toBeNull();
  });

  it('announces the epoch of the lines after it in Keras', () => {
    expect(epochLine('Epoch 3/10')).toEqual({ epoch: 3 });
    expect(epochLine('Epochs 3')).toBeNull();
  });

  it('never makes the reader throw, and gives finite numbers only', () => {
    const text = fc.oneof(
      fc.string(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('utf8')),
      fc
        .array(fc.constantFrom('{', '}', '"a"', ':', ',', '1e999', '=', ' ', 'loss', 'NaN', ' - ', '1.', '['))
        .map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (line) => {
        const found = lineMetrics(line);
        expect([...(found?.values.values() ?? [])].every(Number.isFinite)).toBe(true);
        epochLine(line);
      }),
    );
  });

  it('is read back whatever finite number was printed', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(read(`loss=${value}`)).toEqual({ step: null, loss: value + 0 });
      }),
    );
  });

  it('of 64 KiB takes no more than a moment, however it is made to trap the patterns', () => {
    const traps = ['a=', 'a', '1', ' - a: ', 'a   = ', '=', 'a=1', '{', '"', '.', 'e1'].map((piece) =>
      piece.repeat(65_536 / piece.length),
    );
    const since = performance.now();
    for (const trap of traps) lineMetrics(trap);
    expect(performance.now() - since).toBeLessThan(30_000);
  });
});
