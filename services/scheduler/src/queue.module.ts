// Wiring of what is answered about the queue: as it is, as it was, as it is expected to go on.
import type { Platform } from '@baton/service-host';
import type { Provider } from '@nestjs/common';
import { directoryClient } from './adapters/directory-client.ts';
import { ForecastThread } from './adapters/forecast/forecast-thread.ts';
import { Forecasts } from './app/forecasts.ts';
import type { Leadership } from './app/leadership.ts';
import { Past } from './app/past.ts';
import { QueueAnswers, type QueueAnswerPorts } from './app/queue-answers.ts';
import { Stats } from './app/stats.ts';
import { WhatIfs } from './app/what-ifs.ts';

/** Of the queue and of the log; the past is read for one asker after the other. */
export function answers(platform: Platform, ports: Omit<QueueAnswerPorts, 'past' | 'now'>): Provider[] {
  const { events, jobs, now } = platform;
  if (!jobs) throw new Error('the scheduler needs the JOBS stream');
  const past = new Past({
    jobs,
    rules: () => events.readAll(0, { aggregates: ['node', 'policy', 'calendar'] }),
    now,
    breathe,
  });
  const { nodes, leadership } = ports;
  const directory = directoryClient(platform.bus);
  return [
    { provide: QueueAnswers, useValue: new QueueAnswers({ ...ports, past, now }) },
    { provide: WhatIfs, useValue: new WhatIfs({ past, nodes, directory, now, breathe }) },
    { provide: Stats, useValue: new Stats({ leadership, now }) },
  ];
}

export function forecasts(platform: Platform, leadership: Leadership): Forecasts {
  const { now, report } = platform;
  const found = new Forecasts({ leadership, player: new ForecastThread(), now, report, breathe });
  platform.onClose(() => found.stop());
  return found;
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
