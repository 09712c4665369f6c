// A job's specification as written, turned into what the log keeps: names resolved, `latest` pinned, units normalised.
import type { JobSpec, Owned, PinnedSpec } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { pinResources, pinScheduling, type SchedulingWorld } from './pin-scheduling.ts';
import type { Caller, Catalogue } from './ports.ts';
import { durationOf, refuse, sizeOf } from './refuse-spec.ts';

/** What is there to be named, beside what the other services have. */
export interface PinningWorld extends SchedulingWorld {
  /** The id of a node by its name or id. */
  readonly findNode: (ref: string) => string | undefined;
}

export async function pinSpec(
  spec: JobSpec,
  caller: Caller,
  catalogue: Catalogue,
  world: PinningWorld,
): Promise<PinnedSpec> {
  const resources = pinResources(spec);
  const times = timesOf(spec);
  const nodeId = nodeOf(spec, world);
  const scheduling = pinScheduling(spec, world);
  const environment = environmentOf(spec);
  const several = severalOf(spec);
  const [code, datasets] = await Promise.all([
    pinCode(spec, caller, catalogue),
    pinDatasets(spec, caller, catalogue),
    checkNames(spec, caller, catalogue),
  ]);
  const { command, outputs, earlyStart } = spec;
  const { env, secrets, retries, labels } = beside(spec);
  return {
    name: nameOf(spec, code?.modelName),
    code,
    command,
    datasets,
    env,
    secrets,
    resources,
    nodeId,
    ...several,
    ...times,
    ...scheduling,
    ...(earlyStart === true ? { earlyStart } : {}),
    retries,
    environment,
    outputs: { model: outputs?.model ?? null },
    labels,
  };
}

function beside({ env = {}, secrets = [], retries = 0, labels = {} }: JobSpec) {
  return { env, secrets, retries, labels };
}

/** An image brings its own programs; what is said of a container needs one. */
function environmentOf({ environment = {} }: JobSpec): PinnedSpec['environment'] {
  const { shmSize, ...pinned } = environment;
  const [builds, contains] = [['python', 'requirements'] as const, ['network', 'shmSize', 'pids'] as const];
  const beside = environment.image === undefined ? undefined : builds.find((name) => environment[name] !== undefined);
  if (beside !== undefined)
    refuse(`/environment/${beside}`, 'does not go with an image, which brings its own programs');
  const alone = environment.image === undefined ? contains.find((name) => environment[name] !== undefined) : undefined;
  if (alone !== undefined)
    refuse(`/environment/${alone}`, 'is about a container: name its image in `environment.image`');
  if (shmSize === undefined) return pinned;
  const shmSizeBytes = sizeOf(shmSize, '/environment/shmSize');
  return shmSizeBytes > 0 ? { ...pinned, shmSizeBytes } : refuse('/environment/shmSize', 'must be more than nothing');
}

function timesOf({ timeLimit, gracePeriod }: JobSpec): Pick<PinnedSpec, 'timeLimitMs' | 'graceMs'> {
  const graceMs = durationOf(gracePeriod, '/gracePeriod', 0);
  return { timeLimitMs: durationOf(timeLimit, '/timeLimit', 1), ...(graceMs === null ? {} : { graceMs }) };
}

/** Whose the job is: the group's name becomes its id. */
export async function pinOwnership(
  { group, visibility }: Pick<JobSpec, 'group' | 'visibility'>,
  caller: Caller,
  catalogue: Pick<Catalogue, 'findGroup'>,
): Promise<Owned> {
  const ownerId = caller.principal.userId;
  if (group !== undefined)
    return { ownerId, groupId: await catalogue.findGroup(caller, group), visibility: visibility ?? 'group' };
  if (visibility === 'group') return refuse('/visibility', 'needs a group: name one of yours in `group`');
  return { ownerId, groupId: null, visibility: visibility ?? 'private' };
}

function nodeOf(spec: JobSpec, { findNode }: PinningWorld): string | null {
  if (spec.node === undefined) return null;
  return findNode(spec.node) ?? refuse('/node', `names no node: "${spec.node}"; \`baton node list\` shows them`);
}

/** What several nodes can't be combined with: such a job is neither bound to one, nor started behind others. */
function severalOf({ nodes = 1, node, earlyStart, environment = {} }: JobSpec): Pick<PinnedSpec, 'nodes'> {
  if (nodes === 1) return {};
  if (node !== undefined) refuse('/node', `can't be given for a job on ${nodes} nodes: leave it out`);
  if (earlyStart === true) refuse('/earlyStart', `can't be asked for a job on ${nodes} nodes: leave it out`);
  if (environment.image !== undefined && environment.network !== 'host')
    refuse(
      '/environment/network',
      `must be host for a job on ${nodes} nodes, whose containers have to reach each other`,
    );
  return { nodes };
}

async function pinCode(spec: JobSpec, caller: Caller, catalogue: Catalogue): Promise<PinnedSpec['code']> {
  if (spec.model === undefined) return null;
  const { ref, version } = splitRef(spec.model);
  const found = await found404('/model', () => catalogue.resolveCode(caller, ref, version));
  if (found.kind === 'weights')
    refuse('/model', `${found.modelName}@${found.version} holds weights only, no code to run`);
  const { modelId, modelName, digest } = found;
  return { modelId, modelName, version: found.version, digest };
}

/** `name@3`, `name@latest` or `name`. */
function splitRef(text: string): { ref: string; version: number | 'latest' } {
  const at = text.lastIndexOf('@');
  if (at < 0) return { ref: text, version: 'latest' };
  const version = text.slice(at + 1);
  if (version === 'latest') return { ref: text.slice(0, at), version };
  if (!/^[1-9]\d{0,8}$/.test(version)) return refuse('/model', `has no version number after the @: "${text}"`);
  return { ref: text.slice(0, at), version: Number(version) };
}

async function pinDatasets(spec: JobSpec, caller: Caller, catalogue: Catalogue): Promise<PinnedSpec['datasets']> {
  const pinned = await Promise.all(
    (spec.datasets ?? []).map(async (wanted, index) => {
      const found = await found404(`/datasets/${index}/dataset`, () =>
        catalogue.resolveDataset(caller, wanted.dataset, wanted.version ?? 'latest'),
      );
      const { datasetId, datasetName, version, digest } = found;
      return { datasetId, datasetName, version, digest, as: wanted.as ?? datasetName };
    }),
  );
  const repeated = pinned.findIndex((dataset, index) => pinned.findIndex((other) => other.as === dataset.as) !== index);
  if (repeated >= 0) refuse(`/datasets/${repeated}/as`, `is used twice: "${pinned[repeated]?.as}"`);
  return pinned;
}

/** What the caller may not see does not exist for them: the pointer says which name it was. */
async function found404<T>(pointer: string, find: () => Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'not_found') return refuse(pointer, error.message);
    throw error;
  }
}

async function checkNames(spec: JobSpec, caller: Caller, catalogue: Catalogue): Promise<void> {
  const { secrets = [], outputs } = spec;
  const missing = secrets.length > 0 ? await catalogue.missingSecrets(caller.principal.userId, secrets) : [];
  const first = missing[0];
  if (first !== undefined)
    refuse(`/secrets/${secrets.indexOf(first)}`, `names no secret of yours: "${first}"; set it first`);
  if (outputs?.model !== undefined && !(await catalogue.mayRegister(caller, outputs.model))) {
    refuse('/outputs/model', `"${outputs.model}" is somebody else's model; choose another name`);
  }
}

/** Its own name, or one after its code or its program. */
function nameOf(spec: JobSpec, modelName: string | undefined): string {
  if (spec.name !== undefined) return spec.name;
  const program = spec.command[0]?.split('/').at(-1) ?? 'job';
  const cleaned = (modelName ?? program).replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return cleaned.slice(0, 63) || 'job';
}
