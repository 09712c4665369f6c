// The production engine.
import type { Policy } from '@baton/contracts';
import { Engine, type SchedulingEngine } from '@baton/scheduler';

export function newEngine(policy: Policy): SchedulingEngine {
  return new Engine(policy);
}
