// `npm run bench -- NAME`: runs one benchmark; its last line of output is one JSON object.
import { append } from './append/append.ts';
import { type Benchmark, report } from './benchmark.ts';
import { fairness } from './fairness/fairness.ts';
import { forecasts } from './forecasts.ts';
import { idleGapReal } from './idle-gap-real.ts';
import { idleGap } from './idle-gap.ts';
import { infer } from './infer.ts';
import { schedulePass } from './schedule-pass/schedule-pass.ts';
import { recovery } from './recovery.ts';
import { stage } from './stage.ts';
import { output } from './output.ts';
import { replay } from './replay/replay.ts';
import { startup } from './startup.ts';
import { submit } from './submit.ts';
import { traces } from './traces.ts';

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  append,
  submit,
  replay,
  'idle-gap': idleGap,
  'idle-gap-real': idleGapReal,
  stage,
  startup,
  infer,
  output,
  'schedule-pass': schedulePass,
  traces,
  fairness,
  forecasts,
  recovery,
};

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const name = process.argv[2] ?? '';
const benchmark = BENCHMARKS[name];
if (!benchmark) {
  process.stderr.write(`Which benchmark? npm run bench -- ${Object.keys(BENCHMARKS).join(' | ')}\n`);
  process.exit(2);
}
const figures = await benchmark.run();
process.stdout.write(`${JSON.stringify(report(name, benchmark, figures))}\n`);
process.exit(0);
