// `baton node add`: the one command that another server joins with.
import { note, print, printJson } from '../../output/print.ts';
import { formatAge } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { positiveInteger, verb } from '../../verb.ts';

interface Options {
  readonly name?: string;
  readonly expiresInHours?: number;
  readonly json?: boolean;
}

export const addNode = () =>
  verb('add', 'print the command with which another server joins, once (admin)')
    .option('--name <name>', "how the node will be called; the server's own name if absent")
    .option('--expires-in-hours <n>', 'how long the command is good for; 24 if absent', positiveInteger)
    .action(run);

async function run({ name, expiresInHours, json }: Options): Promise<void> {
  const { client, url } = await connect();
  const added = await client.nodes.add({
    ...(name === undefined ? {} : { name }),
    ...(expiresInHours === undefined ? {} : { expiresInHours }),
  });
  const command = `BATON_JOIN=${added.token} npm run agent -- ${url}`;
  if (json) return printJson({ ...added, command });
  note(
    `Run this on the other server, in a checkout of this repository. It works once, and expires ${formatAge(added.expiresAt, Date.now())}.`,
  );
  note(`To revoke it: baton node remove ${added.id}`);
  if (added.ownMachineOnly || isLoopback(url)) {
    note(
      'NOTE: from other servers this platform can not be reached yet: it, or its nats-server, listens on its own machine alone. docs/running.md says how to open it, under "Another server".',
    );
  }
  print(command);
}

function isLoopback(url: string): boolean {
  return /^(localhost|127\.|\[::1\])/.test(new URL(url).hostname);
}
