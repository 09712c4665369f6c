// Tables: aligned, cut to the terminal, and safe to print.
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Column, facts, table } from './table.ts';

interface Row {
  readonly name: string;
  readonly size: number;
  readonly note: string;
}
const columns: Column<Row>[] = [
  { title: 'name', value: ({ name }) => name },
  { title: 'size', value: ({ size }) => size, align: 'right' },
  { title: 'note', value: ({ note }) => note },
];
const lines = (rows: readonly Row[], width?: number) =>
  stripVTControlCharacters(table(rows, columns, { width, empty: 'Nothing.' })).split('\n');

describe('a table', () => {
  it('aligns its columns', () => {
    expect(
      lines([
        { name: 'a', size: 5, note: 'x' },
        { name: 'long', size: 12_345, note: '' },
      ]),
    ).toEqual(['NAME   SIZE  NOTE', 'a         5  x', 'long  12345']);
  });
  it('counts wide characters as two', () => {
    const [, first, second] = lines([
      { name: '숫자', size: 1, note: 'x' },
      { name: 'abcd', size: 1, note: 'x' },
    ]);
    expect(first).toBe('숫자     1  x');
    expect(second).toBe('abcd     1  x');
  });
  it('cuts the last column to the terminal, and only that', () => {
    const [, line] = lines([{ name: 'a', size: 1, note: 'y'.repeat(50) }], 30);
    expect(line).toBe(`a        1  ${'y'.repeat(17)}…`);
  });
  it('lets no escape sequence of a name or a message reach the terminal', () => {
    const text = table([{ name: 'a', size: 1, note: 'b\u001B[2Jc\nd\u202Ee' }], columns);
    expect(stripVTControlCharacters(text).split('\n')[1]).toBe('a        1  b [2Jc d e');
  });
  it('says that there is nothing', () => {
    expect(lines([])).toEqual(['Nothing.']);
  });
});

it('facts leave out what is not there', () => {
  const text = stripVTControlCharacters(
    facts([
      ['id', 'x'],
      ['description', ''],
      ['rerun of', undefined],
      ['state', { text: 'running', style: 'cyan' }],
    ]),
  );
  expect(text).toBe('id     x\nstate  running');
});
