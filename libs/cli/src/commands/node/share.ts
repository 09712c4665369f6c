// `baton node share`.
import { Option } from 'commander';
import { Failure } from '../../failure.ts';
import { EXIT } from '../../exit-codes.ts';
import { type JsonOption, printResult } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { positiveInteger, verb } from '../../verb.ts';

interface Options extends JsonOption {
  readonly jobsPerDevice?: number;
  readonly off?: boolean;
}

export const shareNode = () =>
  verb('share <node>', "let jobs that ask for parts of a device share the node's devices, or no more of them (admin)")
    .option('--jobs-per-device <n>', 'at most so many on one device, 2 to 20', positiveInteger)
    .addOption(new Option('--off', 'no further jobs share; those that run stay').conflicts(['jobsPerDevice']))
    .action(share);

async function share(ref: string, options: Options): Promise<void> {
  const jobsPerDevice = options.off === true ? 1 : options.jobsPerDevice;
  if (jobsPerDevice === undefined) throw new Failure(EXIT.usage, 'Give --jobs-per-device, or --off.');
  const { client } = await connect();
  const changed = await client.nodes.share(ref, jobsPerDevice);
  const stay = `No further jobs share a device of ${ref}; those that run stay.`;
  const text = `Up to ${jobsPerDevice} jobs that ask for parts may share a device of ${ref}. Its memory is not divided between them.`;
  printResult(options, changed, () => (jobsPerDevice === 1 ? stay : text));
}
