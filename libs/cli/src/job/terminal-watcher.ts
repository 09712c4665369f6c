// Shows a followed job to people: output on standard output, all else on standard error.
import type { JobView } from '@baton/contracts';
import type { LogEvent, MetricEvent } from '@baton/sdk';
import { paint, stateStyle } from '../output/paint.ts';
import { StateLine } from '../output/state-line.ts';
import { plainLine } from '../output/text-width.ts';
import type { Watcher } from './follow-job.ts';
import { isOver, jobMessage, metricsText, runTime, shownState } from './job-text.ts';

export class TerminalWatcher implements Watcher {
  readonly #line = new StateLine();
  #job: JobView | undefined;
  #metrics = '';
  #said = '';
  #clock: NodeJS.Timeout | undefined;

  state(job: JobView): void {
    // Events and refreshes overtake each other.
    if (this.#job && this.#job.revision > job.revision) return;
    this.#job = job;
    this.#announce(job);
    this.#redraw();
    // The time that it has run goes on between events.
    if (this.#line.isLive) this.#clock ??= setInterval(() => this.#redraw(), 1_000).unref();
  }

  log(event: LogEvent): void {
    this.#line.write(event.text);
  }

  metrics({ points }: MetricEvent): void {
    const values = points.at(-1)?.values;
    if (!values) return;
    this.#metrics = metricsText(values);
    this.#redraw();
  }

  end(): void {
    clearInterval(this.#clock);
    this.#line.end();
    const job = this.#job;
    if (job && isOver(job)) this.#line.note(endText(job));
  }

  /** What stays on the screen: where it runs, and without a live line also why it waits. */
  #announce(job: JobView): void {
    if (isOver(job)) return;
    const text = announcement(job, this.#line.isLive);
    if (text === '' || text === this.#said) return;
    this.#said = text;
    this.#line.note(paint('dim', `· ${plainLine(text)}`, process.stderr));
  }

  #redraw(): void {
    const job = this.#job;
    if (!job || isOver(job)) return this.#line.set('');
    const state = shownState(job);
    const detail = job.waiting ? job.waiting.message : runTime(job, Date.now());
    this.#line.set([job.name, state, detail, this.#metrics].filter(Boolean).map(plainLine).join(' · '));
  }
}

function announcement(job: JobView, isLive: boolean): string {
  const attempt = job.attempts.at(-1);
  if (job.waiting?.code === 'staging') return isLive ? '' : 'staging what it needs';
  if (job.waiting) return isLive ? '' : `queued: ${job.waiting.message}`;
  if (job.state !== 'running' || !attempt) return '';
  const again = attempt.attempt > 1 ? `, attempt ${attempt.attempt}` : '';
  return `running on ${attempt.nodeName}${again}`;
}

function endText(job: JobView): string {
  const took = runTime(job, Date.now());
  const style = stateStyle(job.state) ?? 'bold';
  const mark = job.state === 'succeeded' ? '✓' : '✗';
  const head = paint(style, `${mark} ${job.name} ${job.state}`, process.stderr);
  const message = job.state === 'succeeded' ? '' : `: ${plainLine(jobMessage(job))}`;
  return `${head}${took === '' ? '' : ` after ${took}`}${message}`;
}
