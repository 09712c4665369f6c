// A simulation's figures for people.
import type { Distribution } from '@baton/scheduler';
import type { Replay } from './replay.ts';

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const COLUMNS = ['mean', 'p50', 'p90', 'p99', 'worst'] as const satisfies readonly (keyof Distribution)[];
const WIDTH = 12;
const LABEL = 16;

export function table(title: string, { figures, wallClock }: Replay): string {
  const { completionSeconds, waitingSeconds, makespanSeconds, utilisationRatio, preemptions, passes } = figures;
  const row = (label: string, cells: readonly string[]) =>
    label.padEnd(LABEL) + cells.map((cell) => cell.padStart(WIDTH)).join('');
  const seconds = (values: Distribution) => COLUMNS.map((column) => NUMBER.format(values[column]));
  return [
    title,
    '',
    row('seconds', COLUMNS),
    row('completion', seconds(completionSeconds)),
    row('waiting', seconds(waitingSeconds)),
    '',
    `makespan ${NUMBER.format(makespanSeconds)} s, utilisation ${(utilisationRatio * 100).toFixed(1)} %, ${NUMBER.format(preemptions)} preemptions, ${NUMBER.format(passes)} passes`,
    `by the clock: ${wallClock.seconds.toFixed(1)} s, a pass p50 ${wallClock.passP50Ms.toFixed(3)} ms, p99 ${wallClock.passP99Ms.toFixed(3)} ms`,
    '',
  ].join('\n');
}
