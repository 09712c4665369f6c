// Tables for people: aligned columns, the last one cut to the terminal's width.
import { paint, type Style } from './paint.ts';
import { cutToWidth, plainLine, textWidth } from './text-width.ts';

export interface Column<T> {
  readonly title: string;
  readonly value: (row: T) => string | number;
  readonly align?: 'right';
  readonly style?: (row: T) => Style | undefined;
}

export interface TableOptions {
  /** Of the terminal; nothing is cut if absent. */
  readonly width?: number | undefined;
  /** Printed in place of a table without rows. */
  readonly empty?: string;
}

const GAP = '  ';

export function table<T>(rows: readonly T[], columns: readonly Column<T>[], options: TableOptions = {}): string {
  if (rows.length === 0) return paint('dim', options.empty ?? 'none');
  const cells = rows.map((row) => columns.map((column) => plainLine(String(column.value(row)))));
  const widths = columns.map(({ title }, index) =>
    Math.max(textWidth(title), ...cells.map((line) => textWidth(line[index] ?? ''))),
  );
  const room = lastColumnRoom(widths, options.width);
  const line = (texts: readonly string[], style: (index: number) => Style | undefined) =>
    texts
      .map((text, index) => {
        const isLast = index === texts.length - 1;
        const cut = isLast ? cutToWidth(text, room) : text;
        return dressed(pad(cut, isLast ? 0 : (widths[index] ?? 0), columns[index]?.align), style(index));
      })
      .join(GAP)
      .trimEnd();
  const head = line(
    columns.map(({ title }) => title.toUpperCase()),
    () => 'dim',
  );
  return [head, ...rows.map((row, index) => line(cells[index] ?? [], (column) => columns[column]?.style?.(row)))].join(
    '\n',
  );
}

/** A narrow terminal wraps rather than hides the last column altogether. */
function lastColumnRoom(widths: readonly number[], width: number | undefined): number {
  if (!width) return Number.POSITIVE_INFINITY;
  const taken = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0);
  return Math.max(16, width - taken);
}

function pad(text: string, width: number, align: 'right' | undefined): string {
  const space = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'right' ? space + text : text + space;
}

function dressed(text: string, style: Style | undefined): string {
  return style === undefined ? text : paint(style, text);
}

export interface StyledText {
  readonly text: string;
  readonly style: Style | undefined;
}
export type Fact = readonly [name: string, value: string | number | StyledText | undefined];

/** Name and value beneath each other; what is undefined or empty is left out. */
export function facts(pairs: readonly Fact[]): string {
  const shown = pairs.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [{ name, ...styled(value) }],
  );
  const width = Math.max(0, ...shown.map(({ name }) => textWidth(name)));
  return shown
    .map(
      ({ name, text, style }) => `${paint('dim', pad(name, width, undefined))}${GAP}${dressed(plainLine(text), style)}`,
    )
    .join('\n');
}

function styled(value: string | number | StyledText): StyledText {
  return typeof value === 'object' ? value : { text: String(value), style: undefined };
}
