// How each command is made: every verb takes --json, every noun shows its verbs when it is given none.
import { Command, InvalidArgumentError } from 'commander';

export function verb(nameAndArguments: string, summary: string): Command {
  const [name, ...parameters] = nameAndArguments.split(' ');
  const command = new Command(name).description(summary).option('--json', 'print JSON, for programs');
  for (const parameter of parameters) command.argument(parameter);
  return command;
}

export function noun(name: string, summary: string, verbs: readonly Command[]): Command {
  const command = new Command(name).description(summary);
  for (const each of verbs) command.addCommand(each);
  return command;
}

/** For options that may be given many times. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

export function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1.');
  return Number(text);
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 0.');
  return Number(text);
}

/** Whole, or a part of one: which parts there are, the platform says. */
export function deviceCount(text: string): number {
  if (!/^(\d{1,9}|0?\.\d{1,9})$/.test(text))
    throw new InvalidArgumentError('Give a whole number, or a part of one as in 0.5.');
  return Number(text);
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('Give a number above 0.');
  return value;
}
