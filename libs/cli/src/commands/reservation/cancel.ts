// `baton reservation cancel`.
import { type JsonOption, printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

interface Options extends JsonOption {
  readonly reason?: string;
}

export const cancelReservation = () =>
  verb('cancel <reservation>', 'cancel a reservation, or end one that has begun (admin)')
    .option('--reason <text>', 'kept in the log')
    .action(run);

async function run(id: string, options: Options): Promise<void> {
  const { client } = await connect();
  const changed = await client.reservations.cancel(id, options.reason === undefined ? {} : { reason: options.reason });
  printResult(options, changed, () => `${id} is cancelled.`);
}
