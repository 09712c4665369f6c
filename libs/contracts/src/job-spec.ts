// A job's specification: as the user writes it, and as it is pinned in the log at submit.
import { Type, type Static } from 'typebox';
import { Visibility } from './access.ts';
import { DEVICE_PARTS } from './device-part.ts';
import { Bytes, Digest, Id, Labels, Name, Ref, Timestamp, Version, strict } from './schema.ts';

const EnvName = Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$' });
const Env = Type.Record(EnvName, Type.String({ maxLength: 32_768 }));
const Command = Type.Array(Type.String({ maxLength: 32_768 }), { minItems: 1, maxItems: 1_024 });
/** The folder name of a dataset inside the job. */
const MountName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' });
/** `name`, `name:tag` or `name@sha256:...`, with a registry before it or without. */
const ImageReference = Type.String({
  pattern:
    '^[A-Za-z0-9][A-Za-z0-9._-]*(:[0-9]+)?(/[A-Za-z0-9._-]+)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[a-f0-9]{64})?$',
  maxLength: 512,
});
/** Part of a GPU's model name, without regard to case. */
const GpuModel = Type.String({ minLength: 1, maxLength: 128 });

const GPUS = `a whole number, or ${DEVICE_PARTS} for a part of one GPU that others share`;
const CPU_SLOTS = `of a job without GPUs: 1, or ${DEVICE_PARTS} for a part of one CPU slot that others share`;

/** The most jobs that one submission makes. */
export const MAX_ARRAY_JOBS = 10_000;
const ParallelJobs = Type.Integer({ minimum: 1, maximum: MAX_ARRAY_JOBS });
const MAX_PREDECESSORS = 64;
/** `success`, `failure`: only if it has succeeded, or failed; `end`: in any case, also when it was cancelled. */
const AfterWhen = Type.Union([Type.Literal('success'), Type.Literal('failure'), Type.Literal('end')]);

const environment = {
  /** Path of a requirements file inside the code package. */
  requirements: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
  /** The interpreter put first on the job's PATH: an absolute path on the node, or a version such as "3.11". */
  python: Type.Optional(Type.String({ minLength: 1, maxLength: 1_024 })),
  /** It runs in a container of this image, with nothing else of the node than its own folders. */
  image: Type.Optional(ImageReference),
  /** Of the container. Default `none`. */
  network: Type.Optional(Type.Union([Type.Literal('none'), Type.Literal('bridge'), Type.Literal('host')])),
  /** How many processes and threads the container may have at once. */
  pids: Type.Optional(Type.Integer({ minimum: 1, maximum: 4_194_304 })),
};
const Environment = strict({
  ...environment,
  /** Size of the container's /dev/shm: bytes, or text such as "1GiB". */
  shmSize: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.String()])),
});
const PinnedEnvironment = strict({ ...environment, shmSizeBytes: Type.Optional(Type.Integer({ minimum: 1 })) });

export const JobSpec = strict({
  name: Type.Optional(Name),
  /** Code: `name`, `name@3`, `name@latest` or an id in place of the name. */
  model: Type.Optional(Ref),
  command: Command,
  datasets: Type.Optional(
    Type.Array(
      strict({
        dataset: Ref,
        version: Type.Optional(Type.Union([Version, Type.Literal('latest')])),
        as: Type.Optional(MountName),
      }),
      { maxItems: 64 },
    ),
  ),
  env: Type.Optional(Env),
  secrets: Type.Optional(Type.Array(EnvName, { maxItems: 64, uniqueItems: true })),
  resources: Type.Optional(
    strict({
      gpus: Type.Optional(Type.Number({ minimum: 0, maximum: 1_024, description: GPUS })),
      cpuSlots: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description: CPU_SLOTS })),
      cpus: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 65_536 })),
      /** Bytes, or text such as "4GiB". */
      memory: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.String()])),
      gpuModel: Type.Optional(GpuModel),
      /** That each of its GPUs must have: bytes, or text such as "40GiB". */
      gpuMemory: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.String()])),
    }),
  ),
  /** Name of a priority class of the policy. */
  class: Type.Optional(Name),
  /** Labels that its nodes must have, with these values. */
  requires: Type.Optional(Labels),
  /** Of the nodes that could hold it, those with more of these labels come first. */
  prefers: Type.Optional(Labels),
  /** Nothing else runs on its nodes meanwhile. */
  exclusive: Type.Optional(Type.Boolean()),
  /** It saves checkpoints and goes on from them: it may be stopped for another job where its class allows that. */
  keepsCheckpoints: Type.Optional(Type.Boolean()),
  /**
   * While its node is not heard from: `wait` (default) leaves it to run on; `requeue` has it end itself there when its lease runs out,
   * and start anew elsewhere after that.
   */
  onNodeLoss: Type.Optional(Type.Union([Type.Literal('wait'), Type.Literal('requeue')])),
  /** Not before: an ISO 8601 time with its zone, or from now on seconds or text such as "2h30m". */
  begin: Type.Optional(Type.Union([Type.Number({ minimum: 0 }), Type.String({ maxLength: 64 })])),
  /** It waits until somebody releases it. */
  hold: Type.Optional(Type.Boolean()),
  /** It waits for the ends of these jobs and whole arrays; `when` is `success` unless said. */
  after: Type.Optional(Type.Array(strict({ job: Id, when: Type.Optional(AfterWhen) }), { maxItems: MAX_PREDECESSORS })),
  /** Many jobs by one submission, which differ in `BATON_ARRAY_INDEX`, and in `BATON_ARRAY_VALUE` where there are values. */
  array: Type.Optional(
    strict({
      count: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_ARRAY_JOBS })),
      values: Type.Optional(
        Type.Array(Type.Union([Type.String({ maxLength: 4_096 }), Type.Number()]), {
          minItems: 1,
          maxItems: MAX_ARRAY_JOBS,
        }),
      ),
      /** So many of them at most run at once. */
      parallel: Type.Optional(ParallelJobs),
    }),
  ),
  /** On how many nodes at once, each with the resources above; 1 unless said. */
  nodes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_024 })),
  /** Name or id of the node it must run on. */
  node: Type.Optional(Ref),
  /** Seconds, or text such as "2h30m". */
  timeLimit: Type.Optional(Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.String()])),
  /** Between SIGTERM and SIGKILL: seconds, or text such as "2m". */
  gracePeriod: Type.Optional(Type.Union([Type.Number({ minimum: 0 }), Type.String()])),
  /** Started while the card is still busy; it waits at its own call of `baton.take()`. */
  earlyStart: Type.Optional(Type.Boolean()),
  /** How many user failures are retried. */
  retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  environment: Type.Optional(Environment),
  outputs: Type.Optional(strict({ model: Type.Optional(Name) })),
  labels: Type.Optional(Labels),
  visibility: Type.Optional(Visibility),
  group: Type.Optional(Ref),
});
export type JobSpec = Static<typeof JobSpec>;

export const PinnedVersion = strict({ version: Version, digest: Digest });
export const PinnedCode = strict({ modelId: Id, modelName: Name, version: Version, digest: Digest });
export const PinnedDataset = strict({
  datasetId: Id,
  datasetName: Name,
  version: Version,
  digest: Digest,
  as: MountName,
});

export const PinnedAfter = strict({ jobId: Id, when: AfterWhen });
export type PinnedAfter = Static<typeof PinnedAfter>;

/** A job's place in its array. The array is whole, and its jobs may start, as soon as the last of them is in the log. */
export const ArrayPlace = strict({
  id: Id,
  index: Type.Integer({ minimum: 0 }),
  count: Type.Integer({ minimum: 1, maximum: MAX_ARRAY_JOBS }),
  parallel: Type.Optional(ParallelJobs),
  value: Type.Optional(Type.String()),
});
export type ArrayPlace = Static<typeof ArrayPlace>;

/** What the log holds: names resolved, `latest` pinned, units normalised, defaults filled in. */
export const PinnedSpec = strict({
  name: Name,
  code: Type.Union([PinnedCode, Type.Null()]),
  command: Command,
  datasets: Type.Array(PinnedDataset),
  env: Env,
  secrets: Type.Array(EnvName),
  resources: strict({
    /** Below 1: a part of one GPU, which it shares with other jobs that ask for parts. */
    gpus: Type.Number({ minimum: 0 }),
    /** Of a job without GPUs: the part of a CPU slot that it shares. Absent: it has its slot alone. */
    cpuSlots: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 })),
    cpus: Type.Number({ minimum: 0 }),
    /** 0 = no limit was asked for. */
    memoryBytes: Bytes,
    gpuModel: Type.Optional(GpuModel),
    gpuMemoryBytes: Type.Optional(Bytes),
  }),
  /** Absent: the policy's default class, whichever that is. */
  class: Type.Optional(Name),
  requires: Type.Optional(Labels),
  prefers: Type.Optional(Labels),
  exclusive: Type.Optional(Type.Boolean()),
  keepsCheckpoints: Type.Optional(Type.Boolean()),
  /** Absent: it waits. */
  onNodeLoss: Type.Optional(Type.Literal('requeue')),
  beginAt: Type.Optional(Timestamp),
  hold: Type.Optional(Type.Boolean()),
  after: Type.Optional(Type.Array(PinnedAfter)),
  nodeId: Type.Union([Id, Type.Null()]),
  /** Absent: one. The resources are each node's. */
  nodes: Type.Optional(Type.Integer({ minimum: 1 })),
  timeLimitMs: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  /** The node's own if absent. */
  graceMs: Type.Optional(Type.Integer({ minimum: 0 })),
  earlyStart: Type.Optional(Type.Boolean()),
  retries: Type.Integer({ minimum: 0 }),
  environment: PinnedEnvironment,
  outputs: strict({ model: Type.Union([Name, Type.Null()]) }),
  labels: Labels,
});
export type PinnedSpec = Static<typeof PinnedSpec>;
