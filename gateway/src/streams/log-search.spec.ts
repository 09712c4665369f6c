// Search: the same places however the output is cut, and over pages.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LogHit, LogSearch, type SearchPlace } from './log-search.ts';

const START: SearchPlace = { offset: 0, line: 1, inFound: false };

function search(content: Buffer, text: string, cuts: readonly number[] = [], ignoreCase = false): LogHit[] {
  const found = new LogSearch(text, { ignoreCase, from: START });
  const places = [0, ...cuts.map((cut) => cut % (content.length + 1)).toSorted((a, b) => a - b), content.length];
  const pieces = places.slice(1).map((end, index) => content.subarray(places[index], end));
  return [...pieces.flatMap((piece) => [...found.push(piece)]), ...found.end()];
}

/** A page of one after the other, each from where the one before has said. */
function paged(content: Buffer, text: string): LogHit[] {
  const hits: LogHit[] = [];
  for (let place = START; ;) {
    const found = new LogSearch(text, { ignoreCase: false, from: place });
    const [hit] = found.push(content.subarray(place.offset));
    const [last] = hit ? [] : found.end();
    const next = hit ?? last;
    if (!next) return hits;
    hits.push(next);
    place = found.place;
  }
}

describe('a search', () => {
  it('gives line, byte offset and text, once for each line', () => {
    const content = Buffer.from('first\n에포크 loss=1 loss=2\nnothing\r 10%\r loss=3 \r\nloss');
    expect(search(content, 'loss')).toEqual([
      { line: 2, offset: 16, text: '에포크 loss=1 loss=2' },
      { line: 3, offset: 44, text: ' loss=3 ' },
      { line: 4, offset: 53, text: 'loss' },
    ]);
  });
  it('finds the same however the output is cut, and page by page', () => {
    const content = fc.array(fc.constantFrom('ab', 'a', '\n', '\r', 'é', 'x'.repeat(700)), { maxLength: 60 });
    fc.assert(
      fc.property(content, fc.array(fc.nat(), { maxLength: 8 }), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''));
        const expected = bytes
          .toString('latin1')
          .split('\n')
          .flatMap((line, index) => (line.includes('ab') ? [index + 1] : []));
        const whole = search(bytes, 'ab');
        expect(whole.map(({ line }) => line)).toEqual(expected);
        expect(whole.every(({ offset }) => bytes.toString('latin1', offset, offset + 2) === 'ab')).toBe(true);
        expect(search(bytes, 'ab', cuts).map(({ line, offset }) => [line, offset])).toEqual(
          whole.map(({ line, offset }) => [line, offset]),
        );
        expect(paged(bytes, 'ab').map(({ line, offset }) => [line, offset])).toEqual(
          whole.map(({ line, offset }) => [line, offset]),
        );
      }),
    );
  });
  it('ignores the case of A to Z when asked to, and shows what was written', () => {
    const content = Buffer.from('Loss É\nLOSS é\n');
    expect(search(content, 'loss é', [], true)).toEqual([{ line: 2, offset: 8, text: 'LOSS é' }]);
    expect(search(content, 'loss')).toEqual([]);
  });
  it('shows a bounded piece of an endless line, and what is no text as U+FFFD', () => {
    const content = Buffer.concat([Buffer.alloc(5_000, 0xff), Buffer.from('found'), Buffer.alloc(5_000, 'y')]);
    const [hit] = search(content, 'found', [2_000, 7_000]);
    expect(hit).toMatchObject({ line: 1, offset: 5_000 });
    expect(hit?.text).toBe(`…${'\u{FFFD}'.repeat(512)}found${'y'.repeat(512)}…`);
  });
});
