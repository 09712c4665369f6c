// Shows a followed job to programs: one JSON document a line, told apart by `type`.
import type { JobView } from '@baton/contracts';
import type { LogEvent, MetricEvent } from '@baton/sdk';
import { printJsonLine } from '../output/print.ts';
import type { Watcher } from './follow-job.ts';

export class JsonWatcher implements Watcher {
  #last = '';

  state(job: JobView): void {
    const { id, name, state, message, waiting } = job;
    const text = JSON.stringify({ type: 'state', id, name, state, message, waiting });
    if (text === this.#last) return;
    this.#last = text;
    process.stdout.write(`${text}\n`);
  }

  log(event: LogEvent): void {
    printJsonLine({ type: 'log', ...event });
  }

  metrics({ points }: MetricEvent): void {
    for (const point of points) printJsonLine({ type: 'metric', ...point });
  }

  end(): void {}
}
