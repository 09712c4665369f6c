// What `npm run simulate` answers to a command line.
import type { Policy } from '@baton/contracts';
import type { SchedulingEngine } from '@baton/scheduler';
import { type Limits, USUAL_LIMITS } from './limits.ts';
import { readOptions } from './options.ts';
import type { NamedPolicy } from './policies.ts';
import { policyOf } from './policy-file.ts';
import { replay } from './replay.ts';
import { table } from './report.ts';
import { readTrace } from './trace/read-trace.ts';
import type { TraceJob } from './trace/trace-job.ts';

export interface CommandPorts {
  readonly bytesOf: (file: string) => Uint8Array;
  readonly engine: (policy: Policy) => SchedulingEngine;
}

/** Throws `invalid_input` with all that is wrong with the command line, the policy or the trace. */
export async function simulateCommand(args: readonly string[], { bytesOf, engine }: CommandPorts): Promise<string> {
  const options = readOptions(args);
  const { nodes, gpusPerNode, jobsPerDevice, format, seed, restartCostMs } = options;
  const cluster = { nodes, gpusPerNode, jobsPerDevice };
  const named = await policyOf(options.policy, bytesOf);
  const trace = readTrace({ file: options.trace, bytes: bytesOf(options.trace), format, ...cluster });
  const limits = limitsFor(options.limits, named, trace);
  const { policy } = named;
  const result = replay({
    file: options.trace,
    trace,
    ...cluster,
    policy,
    limits,
    seed,
    restartCostMs,
    engine,
  });
  if (!options.json) {
    const where = `${trace.length} jobs on ${nodes} nodes of ${gpusPerNode} GPUs`;
    return table(`${options.trace}: ${where}, policy ${options.policy}, ${words(limits, seed)}`, result);
  }
  const shared = jobsPerDevice > 1 ? { jobsPerDevice } : {};
  const asked = { trace: options.trace, format, nodes, gpusPerNode, ...shared, policy: options.policy, limits, seed };
  const { figures, wallClock } = result;
  return `${JSON.stringify({ ...asked, restartCostSeconds: restartCostMs / 1_000, ...figures, wallClock })}\n`;
}

function limitsFor(asked: Limits | null, named: NamedPolicy, trace: readonly TraceJob[]): Limits {
  if (asked) return asked;
  if (named.limits) return named.limits;
  return trace.some(({ limitMs }) => limitMs !== null) ? { kind: 'trace' } : USUAL_LIMITS;
}

function words(limits: Limits, seed: number): string {
  switch (limits.kind) {
    case 'exact':
      return 'run times known exactly';
    case 'none':
      return 'no time limits';
    case 'trace':
      return 'time limits of the trace';
    case 'factor':
      return `time limits of up to ${limits.most} times the run time, seed ${seed}`;
    default:
      return limits satisfies never;
  }
}
