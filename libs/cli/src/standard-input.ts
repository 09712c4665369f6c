// Standard input as text: values that must not stand in the command line, and whole documents.
import { text } from 'node:stream/consumers';

export function readStandardInput(): Promise<string> {
  return text(process.stdin);
}

/** One value, without the line end that `echo` adds. */
export async function readStandardInputValue(): Promise<string> {
  return (await readStandardInput()).replace(/\r?\n$/, '');
}
