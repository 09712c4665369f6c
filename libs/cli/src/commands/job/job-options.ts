// The flags that say what a job is.
import { type Command, Option } from 'commander';
import { collect, deviceCount, positiveInteger, positiveNumber, wholeNumber } from '../../verb.ts';

export function withJobOptions(command: Command): Command {
  return command
    .option('-f, --file <job.yaml>', 'a job in YAML, - for standard input; flags stand over it')
    .option('--name <name>', 'what the job is called')
    .option('--dataset <name[@version][:folder]>', 'give it a dataset; may be given many times', collect)
    .option('--env <name=value>', 'set an environment variable; may be given many times', collect)
    .option('--secret <name>', 'put one of your secrets into its environment; may be given many times', collect)
    .option('--gpus <n>', 'how many GPUs; 0.5 for half of one, which others share', deviceCount)
    .option(
      '--cpu-slots <part>',
      'of a job without GPUs: 0.5 for half of a CPU slot, which others share',
      positiveNumber,
    )
    .option('--cpus <n>', 'how many CPUs', positiveNumber)
    .option('--memory <size>', 'how much memory, as in 4GiB')
    .option('--gpu-model <name>', 'part of the model name that each GPU must have, as in A100')
    .option('--gpu-memory <size>', 'how much memory each GPU must have, as in 40GiB')
    .option('--class <class>', 'its priority class')
    .option('--require <name=value>', 'a label that its nodes must have; may be given many times', collect)
    .option('--prefer <name=value>', 'a label of nodes that come first; may be given many times', collect)
    .option('--exclusive', 'nothing else may run on its nodes meanwhile')
    .option('--keeps-checkpoints', 'it goes on from its checkpoints, and may be stopped for another job')
    .addOption(
      new Option('--on-node-loss <what>', 'while its node is not heard: leave it, or start it elsewhere').choices([
        'wait',
        'requeue',
      ]),
    )
    .option('--begin <time|duration>', 'not before, as in 2030-01-31T18:00:00Z, or from now on, as in 2h30m')
    .option('--hold', 'it waits until it is released')
    .option('--after <job[:when]>', 'it waits for the job; when: success (default), failure, end; many times', collect)
    .option('--array <n>', 'so many jobs, which differ in BATON_ARRAY_INDEX', positiveInteger)
    .option('--array-value <value>', 'a job for each value, in BATON_ARRAY_VALUE; may be given many times', collect)
    .option('--parallel <n>', 'of an array, at most so many at once', positiveInteger)
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
