// Durable submissions over REST.
import { type Benchmark, quantile } from './benchmark.ts';
import { closedLoop } from './closed-loop.ts';
import { note, startPlatform } from './platform.ts';

const CONNECTIONS = 32;
/** As many as the engine needs until it has compiled what runs: before that, a fifth of the time is its compiler's. */
const WARM_UP = 3_000;
const JOBS = 6_000;

export const submit: Benchmark = {
  method:
    `POST /api/v1/jobs in a closed loop on ${CONNECTIONS} connections against the embedded platform, ${JOBS} jobs after ${WARM_UP} to warm up; ` +
    'each answer comes after the commit is fsynced. Afterwards each id is read back with its events from the log.',
  targets: [{ figure: 'perSecond', op: '>=', value: 1_200 }],
  async run() {
    const { platform, client, token, stop } = await startPlatform();
    try {
      const load = (count: number) =>
        closedLoop({
          url: `${platform.url}/api/v1/jobs`,
          connections: CONNECTIONS,
          headers: { authorization: `Bearer ${token}` },
          // The first job holds the only slot, so that the queue grows while it is measured.
          body: (n) => (n < count ? JSON.stringify({ name: `job-${n}`, command: ['sleep', '600'] }) : null),
        });
      await load(WARM_UP);
      const { answers, latenciesMs, wallMs } = await load(JOBS);
      note(`submitted ${answers.length} jobs in ${Math.round(wallMs)} ms; reading them back from the log`);
      const ids = answers.map((answer) => (JSON.parse(answer) as { id: string }).id);
      let found = 0;
      for (let at = 0; at < ids.length; at += 64) {
        const events = await Promise.all(ids.slice(at, at + 64).map((id) => client.jobs.events(id)));
        found += events.filter(({ items }) => items[0]?.events[0]?.type === 'JobSubmitted').length;
      }
      if (found !== JOBS || new Set(ids).size !== JOBS)
        throw new Error(`${JOBS} submitted, ${new Set(ids).size} ids, ${found} in the log`);

      return {
        perSecond: JOBS / (wallMs / 1_000),
        p50Ms: quantile(latenciesMs, 0.5),
        p99Ms: quantile(latenciesMs, 0.99),
        readBackCount: found,
      };
    } finally {
      await stop();
    }
  },
};
