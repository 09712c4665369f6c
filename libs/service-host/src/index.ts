// Boot, configuration, projections, Nest transport, health and orderly stop: what every service is hosted by.
export { Answers } from './answers.ts';
export { type Environment, parseEnvironment, readSecretFile, ServiceSettings } from './configuration.ts';
export { createLogger, type Logger } from './logger.ts';
export { openPlatform, type OpenPlatform, type Platform, type ProjectedModel } from './platform.ts';
export type { PastCollection } from './past.ts';
export { type Projection, type ProjectionHandle, type Revised, runProjection } from './projection.ts';
export { type Closable, runMain } from './run-main.ts';
export { runServiceMain } from './run-service-main.ts';
export { isLater, outside, timeOf, type When, whenOf } from './when.ts';
export { type RunningService, type ServiceDefinition, startService } from './service.ts';
