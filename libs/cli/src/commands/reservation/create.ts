// `baton reservation create`.
import type { MakeBooking } from '@baton/contracts';
import { type JsonOption, printResult } from '../../output/print.ts';
import { formatTime } from '../../output/units.ts';
import { connect } from '../../session.ts';
import { collect, verb } from '../../verb.ts';
import { startTime } from './start-time.ts';

interface Options extends JsonOption {
  readonly node: string;
  readonly devices?: string;
  readonly from: string;
  readonly for: string;
  readonly user?: readonly string[];
  readonly group?: readonly string[];
  readonly repair?: boolean;
  readonly reason?: string;
}

export const createReservation = () =>
  verb('create', 'keep a node, or some of its devices, for some people or for a repair (admin)')
    .requiredOption('--node <node>', 'name or id')
    .option('--devices <list>', 'numbers of GPUs, or ids, such as 0,1; the whole node if absent')
    .option('--from <time>', 'when it begins, such as "2026-12-01T09:00" (local time)', 'now')
    .requiredOption('--for <duration>', 'how long, such as 4h or 2d; at most 90 days')
    .option('--user <user>', 'whose jobs may start into it: an e-mail address or an id; may be repeated', collect)
    .option('--group <group>', 'jobs of this group may start into it; may be repeated', collect)
    .option('--repair', 'for nobody: no job starts into it')
    .option('--reason <text>', 'shown to everybody')
    .action(run);

async function run(options: Options): Promise<void> {
  const wanted = bookingOf(options);
  const { client } = await connect();
  const { id, revision } = await client.reservations.create(wanted);
  const made = await client.reservations.get(id, { waitForRevision: revision });
  printResult(options, made, () => {
    const what = made.devices === null ? made.nodeName : `${made.devices.join(', ')} of ${made.nodeName}`;
    return `${id}: ${what}, from ${formatTime(made.from)} to ${formatTime(made.until)}`;
  });
}

function bookingOf({ node, devices, from, for: duration, user, group, repair, reason }: Options): MakeBooking {
  const at = startTime(from);
  return {
    node,
    for: duration,
    ...(devices === undefined ? {} : { devices: devices.split(',').map((each) => each.trim()) }),
    ...(at === undefined ? {} : { from: at }),
    ...(user === undefined ? {} : { users: [...user] }),
    ...(group === undefined ? {} : { groups: [...group] }),
    ...(repair ? { repair } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
}
