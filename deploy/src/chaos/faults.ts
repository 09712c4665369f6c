// Which faults come in which order after which pauses: the same for a seed. Whom they hit, the moment decides.

export type Server = 'first' | 'second';
export type Part = 'nats-server' | 'control' | 'serving' | 'agent' | 'joined-agent';

export type Fault =
  | { readonly kind: 'kill'; readonly parts: readonly Part[] }
  /** The process beside a job, and with it the job. */
  | { readonly kind: 'kill-supervisor' }
  | { readonly kind: 'kill-launcher' }
  /** The launcher and all that it runs. */
  | { readonly kind: 'kill-everything' }
  /** SIGSTOP, and SIGCONT after so long. Other faults go on meanwhile. */
  | { readonly kind: 'pause'; readonly part: Part; readonly forMs: number }
  /** SIGTERM to the launcher, and a new start. */
  | { readonly kind: 'restart' }
  /** Of all in the same moment, jobs and all; they come up again one after the other. `seed`: see `PowerCutDisk.cut`. */
  | { readonly kind: 'power-cut'; readonly servers: readonly Server[]; readonly seed?: number };

export interface PlannedFault {
  readonly fault: Fault;
  /** After the one before it. */
  readonly afterMs: number;
}

type Random = () => number;

/** What the agent may be silent for is five seconds: then its node is unreachable. */
const SILENCE_MS = 5_000;
/** After so long, jobs by lease have been started elsewhere: the lease of a chaos run, and the scheduler's margin. */
const LOSS_MS = 8_000 + 15_000;

interface Kind {
  readonly times: number;
  readonly make: (random: Random) => Fault;
}

const KINDS: readonly Kind[] = [
  { times: 10, make: () => ({ kind: 'kill', parts: ['nats-server'] }) },
  { times: 10, make: () => ({ kind: 'kill', parts: ['control'] }) },
  { times: 7, make: () => ({ kind: 'kill', parts: ['agent'] }) },
  { times: 5, make: () => ({ kind: 'kill', parts: ['joined-agent'] }) },
  { times: 5, make: () => ({ kind: 'kill', parts: ['serving'] }) },
  { times: 8, make: () => ({ kind: 'kill-supervisor' }) },
  { times: 3, make: () => ({ kind: 'kill', parts: ['nats-server', 'control'] }) },
  { times: 2, make: () => ({ kind: 'kill', parts: ['agent', 'nats-server'] }) },
  { times: 1, make: () => ({ kind: 'kill-launcher' }) },
  { times: 2, make: () => ({ kind: 'kill-everything' }) },
  { times: 1, make: () => ({ kind: 'restart' }) },
  { times: 2, make: (random) => pause('agent', SILENCE_MS + 1_000, SILENCE_MS + 3_000, random) },
  { times: 1, make: (random) => pause('joined-agent', SILENCE_MS + 1_000, SILENCE_MS + 3_000, random) },
  { times: 1, make: (random) => pause('joined-agent', LOSS_MS + 2_000, LOSS_MS + 7_000, random) },
  { times: 2, make: (random) => pause('nats-server', 200, 3_000, random) },
  { times: 2, make: (random) => pause('control', 200, 4_000, random) },
  { times: 1, make: (random) => pause('serving', 200, 2_000, random) },
];

const POWER_CUTS: readonly Kind[] = [
  { times: 8, make: (random) => powerCut(['first'], random) },
  { times: 5, make: (random) => powerCut(['second'], random) },
  { times: 3, make: (random) => powerCut(['first', 'second'], random) },
];

/** In half of them the disk has got nothing by itself. */
function powerCut(servers: readonly Server[], random: Random): Fault {
  const seed = Math.floor(random() * 1_000);
  return { kind: 'power-cut', servers, ...(random() < 0.5 ? {} : { seed }) };
}

function pause(part: Part, leastMs: number, mostMs: number, random: Random): Fault {
  return { kind: 'pause', part, forMs: Math.round(leastMs + random() * (mostMs - leastMs)) };
}

/** Without an end. Each kind comes once before any comes twice; then each as often as it is to. */
export function* faultPlan(random: Random, gapMs: number, powerCuts = false): Generator<PlannedFault, never> {
  const kinds = powerCuts ? [...KINDS, ...POWER_CUTS] : KINDS;
  const once = kinds.map(({ make }) => make);
  const deck = kinds.flatMap(({ times, make }) => Array.from({ length: times }, () => make));
  for (let next = once; ; next = deck) {
    for (const make of shuffled(next, random)) {
      yield { fault: make(random), afterMs: Math.round(gapMs * (0.2 + 1.6 * random())) };
    }
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const keyed = items.map((item) => ({ item, key: random() }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}

export function faultText(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `kill -9 ${fault.parts.join(' and ')}`;
    case 'kill-supervisor':
      return 'kill -9 the supervisor beside a job';
    case 'kill-launcher':
      return 'kill -9 the launcher';
    case 'kill-everything':
      return 'kill -9 the launcher and all its parts';
    case 'pause':
      return `stop ${fault.part} for ${fault.forMs} ms`;
    case 'restart':
      return 'stop the platform and start it again';
    case 'power-cut':
      return `cut the power of the ${fault.servers.join(' and the ')} server${fault.seed === undefined ? '' : ', part of what was not synced is left'}`;
    default:
      return fault satisfies never;
  }
}
