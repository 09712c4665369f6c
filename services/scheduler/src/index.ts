// The scheduler: owner of the job streams, and of what runs where.
export { schedulerService } from './definition.ts';
export { Leader } from './app/leader.ts';
export { LedgerHistory } from './app/ledger-history.ts';
export { normalisePolicy } from './app/normalise-policy.ts';
export type { JobLog } from './app/ports.ts';
export { contradictions } from './domain/policy-contradictions.ts';
export { Engine } from './domain/schedule/engine.ts';
export type { EngineNode, EngineShape } from './domain/schedule/engine-model.ts';
export { type Distribution, quantile, type SimulationFigures, simulationFigures } from './domain/simulation/figures.ts';
export { forecastReplay, type TrueJob } from './domain/simulation/forecast-replay.ts';
export { random } from './domain/simulation/random.ts';
export type { SchedulingEngine } from './domain/simulation/scheduling-engine.ts';
export type { Outcome, SimulatedJob } from './domain/simulation/simulated-job.ts';
export { SimulatedNodes } from './domain/simulation/simulated-nodes.ts';
export { simulate } from './domain/simulation/simulation.ts';
export { jobReadModels } from './projections/job-read-models.ts';
