// What a specification says about when and where the job may run, as the log keeps it.
import {
  type ArrayPlace,
  DEVICE_PARTS,
  type JobSpec,
  MAX_ARRAY_JOBS,
  parseDurationMs,
  type PinnedSpec,
  twentiethsOf,
} from '@baton/contracts';
import { durationOf, refuse, sizeOf } from './refuse-spec.ts';

type SchedulingFields =
  | 'class'
  | 'requires'
  | 'prefers'
  | 'exclusive'
  | 'keepsCheckpoints'
  | 'onNodeLoss'
  | 'beginAt'
  | 'hold'
  | 'after';

export interface SchedulingWorld {
  /** Of the present policy. */
  readonly classNames: () => readonly string[];
  readonly now: () => number;
}

/** Absent members stay absent: what is asked for by nobody may change with the policy. */
export function pinScheduling(spec: JobSpec, { classNames, now }: SchedulingWorld): Pick<PinnedSpec, SchedulingFields> {
  const { begin, after = [] } = spec;
  if (spec.class !== undefined) refuseUnknownClass(spec.class, classNames());
  refuseContradictions(spec);
  refusePartsOfSeveral(spec);
  return {
    ...(spec.class === undefined ? {} : { class: spec.class }),
    ...labelsOf(spec),
    ...wishesOf(spec),
    ...(begin === undefined ? {} : { beginAt: beginOf(begin, now()) }),
    ...(after.length === 0 ? {} : { after: pinAfter(after) }),
  };
}

function labelsOf({ requires = {}, prefers = {} }: JobSpec): Pick<PinnedSpec, 'requires' | 'prefers'> {
  return {
    ...(Object.keys(requires).length === 0 ? {} : { requires }),
    ...(Object.keys(prefers).length === 0 ? {} : { prefers }),
  };
}

function wishesOf(spec: JobSpec): Pick<PinnedSpec, 'exclusive' | 'keepsCheckpoints' | 'onNodeLoss' | 'hold'> {
  const { exclusive, keepsCheckpoints, onNodeLoss, hold } = spec;
  return {
    ...(exclusive === true ? { exclusive } : {}),
    ...(keepsCheckpoints === true ? { keepsCheckpoints } : {}),
    ...(onNodeLoss === 'requeue' ? { onNodeLoss } : {}),
    ...(hold === true ? { hold } : {}),
  };
}

export function pinResources({ resources = {} }: JobSpec): PinnedSpec['resources'] {
  const { gpus = 0, cpuSlots, cpus = 0, memory, gpuModel, gpuMemory } = resources;
  refuseBadParts(resources);
  const gpuMemoryBytes = sizeOf(gpuMemory, '/resources/gpuMemory');
  if (gpus === 0 && gpuModel !== undefined) refuse('/resources/gpuModel', 'needs `gpus`: the job asks for none');
  if (gpus === 0 && gpuMemory !== undefined) refuse('/resources/gpuMemory', 'needs `gpus`: the job asks for none');
  return {
    gpus,
    ...(cpuSlots === undefined || cpuSlots === 1 ? {} : { cpuSlots }),
    cpus,
    memoryBytes: sizeOf(memory, '/resources/memory'),
    ...(gpuModel === undefined ? {} : { gpuModel }),
    ...(gpuMemoryBytes === 0 ? {} : { gpuMemoryBytes }),
  };
}

/** A part is of one device: of more than one, each is whole. */
function refuseBadParts({ gpus = 0, cpuSlots }: NonNullable<JobSpec['resources']>): void {
  if (!Number.isInteger(gpus) && twentiethsOf(gpus) === null)
    refuse('/resources/gpus', `is ${gpus}: give a whole number of GPUs, or ${DEVICE_PARTS} for a part of one`);
  if (cpuSlots === undefined) return;
  if (gpus > 0) refuse('/resources/cpuSlots', 'is for jobs without GPUs: leave it out, or `gpus`');
  if (cpuSlots !== 1 && twentiethsOf(cpuSlots) === null)
    refuse('/resources/cpuSlots', `is ${cpuSlots}: give 1, or ${DEVICE_PARTS} for a part of a slot`);
}

function asksForPart({ gpus = 0, cpuSlots = 1 }: NonNullable<JobSpec['resources']>): boolean {
  return (gpus > 0 && gpus < 1) || cpuSlots < 1;
}

/** Who has a part of a device is beside others there: neither on several nodes at once nor alone on one. */
function refusePartsOfSeveral({ resources = {}, nodes = 1, exclusive }: JobSpec): void {
  if (!asksForPart(resources)) return;
  if (nodes > 1) refuse('/nodes', `is ${nodes} for a job that asks for a part of a device: ask for whole devices`);
  if (exclusive === true) refuse('/exclusive', 'does not go with a part of a device: ask for a whole one');
}

function refuseUnknownClass(name: string, known: readonly string[]): void {
  if (!known.includes(name)) refuse('/class', `names no priority class: "${name}"; there are ${known.join(', ')}`);
}

function refuseContradictions({ node, requires, prefers, onNodeLoss, environment }: JobSpec): void {
  if (onNodeLoss === 'requeue' && environment?.image !== undefined)
    refuse(
      '/onNodeLoss',
      'can only be `wait` for a job in a container: nothing beside a container ends it with the lease',
    );
  if (node !== undefined && prefers !== undefined)
    refuse('/prefers', 'says nothing where `node` says which node it is: leave one of them out');
  const twice = Object.keys(prefers ?? {}).find((label) => requires?.[label] !== undefined);
  if (twice !== undefined) refuse(`/prefers/${twice}`, 'is required already: leave it out of one of them');
}

/** With its zone: a time without one would mean another time wherever the platform runs. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

function beginOf(begin: number | string, now: number): number {
  if (typeof begin === 'number' || parseDurationMs(begin) !== null) return now + (durationOf(begin, '/begin', 0) ?? 0);
  const at = ISO_TIME.test(begin) ? Date.parse(begin) : Number.NaN;
  if (Number.isNaN(at))
    return refuse('/begin', `is neither a time nor a duration: "${begin}"; write "2030-01-31T18:00:00Z" or "2h30m"`);
  return at;
}

function pinAfter(after: NonNullable<JobSpec['after']>): NonNullable<PinnedSpec['after']> {
  const repeated = after.findIndex(({ job }, index) => after.findIndex((other) => other.job === job) !== index);
  if (repeated >= 0) refuse(`/after/${repeated}/job`, `is named twice: "${after[repeated]?.job}"`);
  return after.map(({ job, when = 'success' }) => ({ jobId: job, when }));
}

export interface ArrayPlan {
  readonly count: number;
  readonly values: readonly string[] | null;
  readonly parallel: number | null;
}

export function planArray({ array }: JobSpec): ArrayPlan | null {
  if (array === undefined) return null;
  const { count, values, parallel } = array;
  if (values !== undefined && count !== undefined && count !== values.length)
    refuse('/array/count', `is ${count}, with ${values.length} values: leave it out, or give as many values`);
  const size = count ?? values?.length;
  if (size === undefined) return refuse('/array', `needs \`count\` (at most ${MAX_ARRAY_JOBS}) or \`values\``);
  return { count: size, values: values?.map(String) ?? null, parallel: parallel ?? null };
}

export function placeOf({ count, values, parallel }: ArrayPlan, id: string, index: number): ArrayPlace {
  const value = values?.[index];
  return {
    id,
    index,
    count,
    ...(parallel === null ? {} : { parallel }),
    ...(value === undefined ? {} : { value }),
  };
}

/** The specification of one of its jobs. */
export function memberSpec(spec: PinnedSpec, { index, count, value }: ArrayPlace): PinnedSpec {
  const own = { BATON_ARRAY_INDEX: String(index), BATON_ARRAY_COUNT: String(count) };
  return { ...spec, env: { ...spec.env, ...own, ...(value === undefined ? {} : { BATON_ARRAY_VALUE: value }) } };
}

/** To be submitted once more: what it had to wait for is over, or was for the first time only. */
export function rerunSpec(spec: PinnedSpec): PinnedSpec {
  const { beginAt: _beginAt, hold: _hold, after: _after, ...rest } = spec;
  return rest;
}
