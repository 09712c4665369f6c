// The state at the bottom of the terminal, and output above it.
import { expect, it } from 'vitest';
import { StateLine } from './state-line.ts';

/** One screen that both streams write to. */
function screen(isTTY: boolean) {
  let written = '';
  const stream = { isTTY, columns: 40, write: (text: string) => (written += text) } as unknown as NodeJS.WriteStream;
  return { line: new StateLine(stream, stream), shown: () => shownLines(written) };
}
/** What stays after carriage returns and erasures. */
function shownLines(written: string): string[] {
  return written.split('\n').map((line) => line.split('\r\u001B[2K').at(-1) ?? '');
}

it('stays below the output', () => {
  const { line, shown } = screen(true);
  line.set('running');
  line.write('one\n');
  line.set('running 1 s');
  line.write('two\n');
  expect(shown()).toEqual(['one', 'two', 'running 1 s']);
});
it('waits while a line of output is not whole', () => {
  const { line, shown } = screen(true);
  line.set('running');
  line.write('Loading');
  line.set('running 1 s');
  expect(shown()).toEqual(['Loading']);
  line.write(' done\n');
  expect(shown()).toEqual(['Loading done', 'running 1 s']);
});
it('goes away at the end', () => {
  const { line, shown } = screen(true);
  line.set('running');
  line.write('half');
  line.end();
  line.note('over');
  expect(shown()).toEqual(['half', 'over', '']);
});
it('is not there without a terminal, and adds nothing to the output', () => {
  const { line, shown } = screen(false);
  line.set('running');
  line.write('half');
  line.end();
  expect(shown()).toEqual(['half']);
});
