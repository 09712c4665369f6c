// A job's specification from a YAML file and from flags; what a flag says stands over the file.
import type { JobSpec } from '@baton/contracts';
import { parseAfter, parseDataset, parsePairs } from './job-flags.ts';
import { readYamlFile } from '../yaml-file.ts';

export interface JobFlags {
  readonly name?: string;
  readonly dataset?: readonly string[];
  readonly env?: readonly string[];
  readonly secret?: readonly string[];
  readonly gpus?: number;
  readonly cpuSlots?: number;
  readonly cpus?: number;
  readonly memory?: string;
  readonly gpuModel?: string;
  readonly gpuMemory?: string;
  readonly class?: string;
  readonly require?: readonly string[];
  readonly prefer?: readonly string[];
  readonly exclusive?: boolean;
  readonly keepsCheckpoints?: boolean;
  readonly onNodeLoss?: 'wait' | 'requeue';
  readonly begin?: string;
  readonly hold?: boolean;
  readonly after?: readonly string[];
  readonly array?: number;
  readonly arrayValue?: readonly string[];
  readonly parallel?: number;
  readonly nodes?: number;
  readonly node?: string;
  readonly timeLimit?: string;
  readonly gracePeriod?: string;
  readonly earlyStart?: boolean;
  readonly retries?: number;
  readonly python?: string;
  readonly requirements?: string;
  readonly image?: string;
  readonly network?: 'none' | 'bridge' | 'host';
  readonly shmSize?: string;
  readonly outputModel?: string;
  readonly label?: readonly string[];
  readonly visibility?: 'private' | 'group' | 'everyone';
  readonly group?: string;
}

/** As the user wrote it: the platform says what is wrong in it. */
export type DraftSpec = Partial<JobSpec>;

/** `path` is a YAML or JSON file, `-` standard input. */
export async function readJobFile(path: string): Promise<DraftSpec> {
  return readYamlFile(path, 'no job: write fields such as `command: [python, train.py]`.');
}

/** Maps of the file and of flags are joined, lists and single values replaced. */
export function withFlags(draft: DraftSpec, flags: JobFlags): DraftSpec {
  const { dataset, env, secret, label, gpus, cpuSlots, cpus, memory, gpuModel, gpuMemory } = flags;
  const resources = present({ gpus, cpuSlots, cpus, memory, gpuModel, gpuMemory });
  const { python, requirements, image, network, shmSize } = flags;
  const environment = present({ python, requirements, image, network, shmSize });
  return {
    ...draft,
    ...present({
      name: flags.name,
      datasets: dataset?.map(parseDataset),
      env: env && { ...draft.env, ...parsePairs(env, '--env') },
      secrets: secret && [...secret],
      resources: joined(draft.resources, resources),
      ...schedulingOf(draft, flags),
      nodes: flags.nodes,
      node: flags.node,
      timeLimit: flags.timeLimit,
      gracePeriod: flags.gracePeriod,
      earlyStart: flags.earlyStart,
      retries: flags.retries,
      environment: joined(draft.environment, environment),
      outputs: joined(draft.outputs, present({ model: flags.outputModel })),
      labels: label && { ...draft.labels, ...parsePairs(label, '--label') },
      visibility: flags.visibility,
      group: flags.group,
    }),
  };
}

function schedulingOf(draft: DraftSpec, flags: JobFlags): DraftSpec {
  const { require: required, prefer, after, array, arrayValue, parallel } = flags;
  return present({
    class: flags.class,
    requires: required && { ...draft.requires, ...parsePairs(required, '--require') },
    prefers: prefer && { ...draft.prefers, ...parsePairs(prefer, '--prefer') },
    exclusive: flags.exclusive,
    keepsCheckpoints: flags.keepsCheckpoints,
    onNodeLoss: flags.onNodeLoss,
    begin: flags.begin,
    hold: flags.hold,
    after: after?.map(parseAfter),
    array: joined(draft.array, present({ count: array, values: arrayValue && [...arrayValue], parallel })),
  });
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}

function joined<T extends object>(before: T | undefined, more: T): T | undefined {
  return Object.keys(more).length === 0 ? undefined : { ...before, ...more };
}
