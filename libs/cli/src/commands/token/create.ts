// `baton token create`: the token alone on standard output, the only time it is shown.
import { note, print, printJson } from '../../output/print.ts';
import { formatAge } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { positiveInteger, verb } from '../../verb.ts';

interface Options {
  readonly expiresInDays?: number;
  readonly json?: boolean;
}

export const createToken = () =>
  verb('create <label>', 'make a token, and show it this once')
    .option('--expires-in-days <n>', 'how long it is good for', positiveInteger)
    .action(run);

async function run(label: string, { expiresInDays, json }: Options): Promise<void> {
  const { client } = await connect();
  const created = await client.tokens.create({ label, ...(expiresInDays === undefined ? {} : { expiresInDays }) });
  if (json) return printJson(created);
  const until =
    created.expiresAt === null ? 'It does not expire' : `It expires ${formatAge(created.expiresAt, Date.now())}`;
  note(
    `${until}, and is not shown again. Programs take it from BATON_TOKEN. Revoke it with \`baton token revoke ${created.id}\`.`,
  );
  print(created.token);
}
