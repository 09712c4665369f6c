// Wiring of what is answered about the queue.
import type { Platform } from '@baton/service-host';
import { Past } from './app/past.ts';
import { QueueAnswers, type QueueAnswerPorts } from './app/queue-answers.ts';

export function queueAnswers(platform: Platform, ports: Omit<QueueAnswerPorts, 'past' | 'now'>): QueueAnswers {
  const { events, jobs, now } = platform;
  if (!jobs) throw new Error('the scheduler needs the JOBS stream');
  const past = new Past({
    jobs: () => jobs.readAll(0),
    rules: () => events.readAll(0, { aggregates: ['node', 'policy', 'calendar'] }),
    now,
    breathe: () => new Promise<void>((resolve) => setImmediate(resolve)),
  });
  return new QueueAnswers({ ...ports, past, now });
}
