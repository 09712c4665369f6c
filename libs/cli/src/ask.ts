// Questions on the terminal; where there is none, the flag that answers is named.
import { EXIT } from './exit-codes.ts';
import { Failure, usage } from './failure.ts';

export interface Question {
  readonly message: string;
  /** What answers it where there is no terminal. */
  readonly instead: string;
  readonly initial?: string;
  readonly isSecret?: boolean;
}

export async function ask({ message, instead, initial, isSecret }: Question): Promise<string> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usage(`There is no terminal to ask on. ${message}: give ${instead}.`);
  const prompts = await import('@clack/prompts');
  const options = {
    message,
    output: process.stderr,
    validate: (value: string | undefined) => (value ? undefined : 'Something is needed here.'),
  };
  const answer = isSecret
    ? await prompts.password(options)
    : await prompts.text({ ...options, ...(initial === undefined ? {} : { initialValue: initial }) });
  if (typeof answer !== 'string') throw new Failure(EXIT.interrupted, 'Interrupted.');
  return answer;
}
