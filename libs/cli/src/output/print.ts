// What goes to standard output: JSON for programs, or text for people.
import { type Column, table } from './table.ts';

export interface JsonOption {
  readonly json?: boolean;
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** One document of a stream of them. */
export function printJsonLine(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** For people who watch; programs read standard output. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function printResult({ json }: JsonOption, value: unknown, text: () => string): void {
  if (json) printJson(value);
  else print(text());
}

export function printList<T>(
  { json }: JsonOption,
  items: readonly T[],
  columns: readonly Column<T>[],
  empty: string,
): void {
  if (json) printJson(items);
  else print(table(items, columns, { width: process.stdout.columns, empty }));
}
