// `baton secret set`: the value never stands in the command line, where other users of the machine can see it.
import { ask } from '../../ask.ts';
import { usage } from '../../failure.ts';
import { printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { readStandardInputValue } from '../../standard-input.ts';
import { verb } from '../../verb.ts';

export const setSecret = () =>
  verb('set <name>', 'keep a secret; its value is asked for, or read from standard input')
    .addHelpText(
      'after',
      '\nA line end at the very end is not part of the value.\n\nExample:\n  baton secret set HF_TOKEN < token.txt',
    )
    .action(run);

async function run(name: string, options: { readonly json?: boolean }): Promise<void> {
  const { client } = await connect();
  const value = process.stdin.isTTY
    ? await ask({ message: `Value of ${name}`, instead: 'it on standard input', isSecret: true })
    : await readStandardInputValue();
  if (value === '') throw usage('Standard input held no value.');
  const changed = await client.secrets.set(name, value);
  printResult(options, changed, () => `${name} is kept. Give it to a job with \`--secret ${name}\`.`);
}
