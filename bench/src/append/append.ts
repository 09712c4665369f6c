// How much of the log server's own speed is left through the event store's port and its pipelined writer.
import { startNatsServer } from '@baton/testkit';
import { connect } from '@nats-io/transport-node';
import { type Benchmark, type Figures, quantile } from '../benchmark.ts';
import { note } from '../platform.ts';
import { loopFor, type Window } from './loop.ts';
import { openSides, type Side, SIDES, type Sides } from './sides.ts';

const IN_FLIGHT = 64;
const ROUNDS = 15;
const WINDOW_MS = 400;
const LOADS = { Serial: 1, InFlight: IN_FLIGHT } as const;
type Load = keyof typeof LOADS;

export const append: Benchmark = {
  method:
    'One real nats-server with sync_interval: always, a stream in files for each side, commits of about a kilobyte. Closed loops of senders, one and ' +
    `${IN_FLIGHT}, each with an aggregate or a subject of its own: through the event store's append with the aggregate's expectation, through its pipelined writer ` +
    "with the stream's, and bare publishes of JetStream's own client with no expectation, no message id and bytes that were encoded before. All take " +
    `turns of ${WINDOW_MS} ms in ${ROUNDS} rounds, every second one in the opposite order; a ratio is the median over the rounds, and throughputRatio the least of the four ratios.`,
  targets: [{ figure: 'throughputRatio', op: '>=', value: 0.7 }],
  async run() {
    const nats = await startNatsServer();
    const connection = await connect({ servers: nats.url });
    try {
      return figuresOf(await rounds(await openSides(connection)));
    } finally {
      await connection.close();
      await nats.stop();
    }
  },
};

type Round = Readonly<Record<Load, Readonly<Record<Side, Window>>>>;

async function rounds(sides: Sides): Promise<Round[]> {
  const senders = Object.fromEntries(
    SIDES.map((side) => [side, Array.from({ length: IN_FLIGHT }, () => sides[side]())]),
  ) as Record<Side, ReturnType<Sides[Side]>[]>;
  const turn = async (load: Load, order: readonly Side[]): Promise<Record<Side, Window>> => {
    const windows: Partial<Record<Side, Window>> = {};
    for (const side of order) windows[side] = await loopFor(senders[side].slice(0, LOADS[load]), WINDOW_MS);
    return windows as Record<Side, Window>;
  };
  await turn('InFlight', SIDES);
  const done: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? SIDES : SIDES.toReversed();
    const next: Round = { Serial: await turn('Serial', order), InFlight: await turn('InFlight', order) };
    note(`round ${round + 1}: ${SIDES.map((side) => `${side} ${rateOf(next, side)}`).join(', ')} commits a second`);
    done.push(next);
  }
  return done;
}

function rateOf({ Serial, InFlight }: Round, side: Side): string {
  return `${Serial[side].perSecond.toFixed(0)} / ${InFlight[side].perSecond.toFixed(0)}`;
}

function figuresOf(all: readonly Round[]): Figures {
  const figures: Record<string, number> = {};
  const ratios: number[] = [];
  for (const load of Object.keys(LOADS) as Load[]) {
    for (const side of SIDES) {
      const windows = all.map((round) => round[load][side]);
      const latenciesMs = windows.flatMap((window) => window.latenciesMs);
      figures[`${side}${load}PerSecond`] = quantile(
        windows.map(({ perSecond }) => perSecond),
        0.5,
      );
      figures[`${side}${load}P50Ms`] = quantile(latenciesMs, 0.5);
      figures[`${side}${load}P99Ms`] = quantile(latenciesMs, 0.99);
      if (side === 'bare') continue;
      const ratio = quantile(
        all.map((round) => round[load][side].perSecond / round[load].bare.perSecond),
        0.5,
      );
      figures[`${side}${load}Ratio`] = ratio;
      ratios.push(ratio);
    }
  }
  return { throughputRatio: Math.min(...ratios), ...figures };
}
