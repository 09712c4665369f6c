// The environment that a job finds: a clean base, the platform's variables, its own variables and secrets.
import type { DesiredAttempt } from '@baton/contracts';

export interface AttemptFolders {
  readonly work: string;
  readonly output: string;
  readonly datasets: string;
  readonly checkpoints: string;
  readonly temporary: string;
}

export interface JobEnvironmentInput {
  readonly spec: DesiredAttempt;
  readonly folders: AttemptFolders;
  readonly apiUrl: string;
  readonly token: string;
  readonly secrets: Readonly<Record<string, string>>;
  /** Put in front of the base path, first one first. */
  readonly pathFirst: readonly string[];
  /** null: whatever runs it puts its own behind. */
  readonly basePath: string | null;
  readonly virtualEnvironment: string | null;
  /** Where `import baton` finds its module: behind what the job sets itself. */
  readonly pythonPath: string;
}

/** Later groups win: a job may set PATH or PYTHONUNBUFFERED itself, but never the platform's own names. */
export function jobEnvironment(input: JobEnvironmentInput): Record<string, string> {
  const { spec, folders } = input;
  return {
    PATH: [...input.pathFirst, ...(input.basePath === null ? [] : [input.basePath])].join(':'),
    HOME: folders.work,
    TMPDIR: folders.temporary,
    LANG: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    ...worldOf(spec),
    ...memoryOf(spec),
    ...(input.virtualEnvironment === null ? {} : { VIRTUAL_ENV: input.virtualEnvironment }),
    ...spec.env,
    PYTHONPATH: [spec.env['PYTHONPATH'] ?? '', input.pythonPath].filter(Boolean).join(':'),
    ...pick(input.secrets, spec.secrets),
    ...datasetVariables(spec, folders),
    CUDA_VISIBLE_DEVICES: gpus(spec),
    ...(spec.devicePart === undefined ? {} : { BATON_DEVICE_PART: String(spec.devicePart) }),
    BATON_JOB_ID: spec.jobId,
    BATON_ATTEMPT: String(spec.attempt),
    ...nodesOf(spec),
    BATON_API_URL: input.apiUrl,
    BATON_TOKEN: input.token,
    BATON_DATASET_DIR: folders.datasets,
    BATON_OUTPUT_DIR: folders.output,
    BATON_CHECKPOINT_DIR: folders.checkpoints,
  };
}

function pick(values: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])));
}

function datasetVariables(spec: DesiredAttempt, folders: AttemptFolders): Record<string, string> {
  return Object.fromEntries(spec.datasets.map(({ as }) => [datasetVariable(as), `${folders.datasets}/${as}`]));
}

export function datasetVariable(as: string): string {
  return `BATON_DATASET_${as.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}

/** Where it is among its nodes; where the ranks meet it is told with the word to go. */
function nodesOf({ gang }: DesiredAttempt): Record<string, string> {
  if (gang === undefined) return { BATON_NODE_RANK: '0', BATON_NUM_NODES: '1' };
  return {
    BATON_NODE_RANK: String(gang.rank),
    BATON_NUM_NODES: String(gang.nodes.length),
    BATON_NODE_LIST: gang.nodes.map(({ address }) => address).join(','),
  };
}

/** What frameworks read where each node has one process; a launcher such as torchrun sets it anew for each of its own. */
function worldOf({ gang }: DesiredAttempt): Record<string, string> {
  return gang === undefined ? {} : { RANK: String(gang.rank), WORLD_SIZE: String(gang.nodes.length) };
}

/** JAX takes most of a card's memory at its first use: the rest of its part is for what CUDA itself needs. */
const JAX_MEMORY_OF_PART = 0.75;

/** Advice only: processes that share a card by time slices can all take all of its memory. */
function memoryOf({ devicePart, devices }: DesiredAttempt): Record<string, string> {
  if (devicePart === undefined || devices.every(({ kind }) => kind !== 'gpu')) return {};
  return { XLA_PYTHON_CLIENT_MEM_FRACTION: String(Number((devicePart * JAX_MEMORY_OF_PART).toFixed(4))) };
}

/** Empty for CPU jobs, which hides every card from them, and until the cards that it waits for are its own. */
function gpus(spec: DesiredAttempt): string {
  if (spec.behind !== null) return '';
  const cards = spec.devices.filter((device) => device.kind === 'gpu');
  return cards.map((device) => device.id).join(',');
}
