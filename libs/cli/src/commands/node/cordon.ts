// `baton node cordon` and `baton node uncordon`.
import { type JsonOption, printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { verb } from '../../verb.ts';

interface Options extends JsonOption {
  readonly reason?: string;
}

export const cordonNode = () =>
  verb('cordon <node>', 'give a node no new jobs; those that run go on (admin)')
    .option('--reason <text>', 'shown to whoever waits for the node')
    .action(cordon);

async function cordon(ref: string, options: Options): Promise<void> {
  const { client } = await connect();
  const changed = await client.nodes.cordon(ref, options.reason);
  printResult(options, changed, () => `${ref} gets no new jobs until: baton node uncordon ${ref}`);
}

export const uncordonNode = () => verb('uncordon <node>', 'give a node jobs again (admin)').action(uncordon);

async function uncordon(ref: string, options: JsonOption): Promise<void> {
  const { client } = await connect();
  const changed = await client.nodes.uncordon(ref);
  printResult(options, changed, () => `${ref} gets jobs again.`);
}
