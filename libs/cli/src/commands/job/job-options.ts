// The flags that say what a job is.
import { type Command, Option } from 'commander';
import { collect, positiveInteger, positiveNumber, wholeNumber } from '../../verb.ts';

export function withJobOptions(command: Command): Command {
  return command
    .option('-f, --file <job.yaml>', 'a job in YAML, - for standard input; flags stand over it')
    .option('--name <name>', 'what the job is called')
    .option('--dataset <name[@version][:folder]>', 'give it a dataset; may be given many times', collect)
    .option('--env <name=value>', 'set an environment variable; may be given many times', collect)
    .option('--secret <name>', 'put one of your secrets into its environment; may be given many times', collect)
    .option('--gpus <n>', 'how many GPUs', wholeNumber)
    .option('--cpus <n>', 'how many CPUs', positiveNumber)
    .option('--memory <size>', 'how much memory, as in 4GiB')
    .option('--nodes <n>', 'on how many nodes at once, each with these GPUs, CPUs and memory', positiveInteger)
    .option('--node <node>', 'the node it must run on')
    .option('--time-limit <duration>', 'stop it after that long, as in 2h30m')
    .option('--grace-period <duration>', 'between SIGTERM and SIGKILL, as in 2m')
    .option('--early-start', 'start it while its devices are still busy; it waits at its own baton.take()')
    .option('--retries <n>', 'how often it is tried again when it fails', wholeNumber)
    .option('--python <path|version>', 'the Python that is first on its PATH')
    .option('--requirements <path>', 'a requirements file in its code')
    .option('--image <reference>', 'run it in a container of this image, as name:tag or name@sha256:...')
    .addOption(
      new Option('--network <network>', "the container's network; none if absent").choices(['none', 'bridge', 'host']),
    )
    .option('--shm-size <size>', "the container's /dev/shm, as in 1GiB")
    .option('--output-model <name>', 'register its weights as a version of this model')
    .option('--label <name=value>', 'may be given many times', collect)
    .addOption(new Option('--visibility <who>', 'who may see it').choices(['private', 'group', 'everyone']))
    .option('--group <group>', 'the group it belongs to, by name or id');
}
