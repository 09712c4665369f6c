// A job's specification from a YAML file and from flags; what a flag says stands over the file.
import type { JobSpec } from '@baton/contracts';
import { readYamlFile } from '../yaml-file.ts';
import { parseDataset, parsePairs } from './job-flags.ts';

export interface JobFlags {
  readonly name?: string;
  readonly dataset?: readonly string[];
  readonly env?: readonly string[];
  readonly secret?: readonly string[];
  readonly gpus?: number;
  readonly cpus?: number;
  readonly memory?: string;
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
  const { dataset, env, secret, label } = flags;
  const resources = present({ gpus: flags.gpus, cpus: flags.cpus, memory: flags.memory });
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

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}

function joined<T extends object>(before: T | undefined, more: T): T | undefined {
  return Object.keys(more).length === 0 ? undefined : { ...before, ...more };
}
