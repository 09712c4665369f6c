// Which faults come in which order after which pauses: the same for a seed. Whom they hit, the moment decides.

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
  | { readonly kind: 'restart' };

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

const KINDS: readonly { readonly times: number; readonly make: (random: Random) => Fault }[] = [
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

function pause(part: Part, leastMs: number, mostMs: number, random: Random): Fault {
  return { kind: 'pause', part, forMs: Math.round(leastMs + random() * (mostMs - leastMs)) };
}

/** Without an end. Each kind comes once before any comes twice; then each as often as it is to. */
export function* faultPlan(random: Random, gapMs: number): Generator<PlannedFault, never> {
  const once = KINDS.map(({ make }) => make);
  const deck = KINDS.flatMap(({ times, make }) => Array.from({ length: times }, () => make));
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
    default:
      return fault satisfies never;
  }
}
