// What a process needs that is a service without Nest: importing Nest takes 35 MB of memory.
export { type Environment, parseEnvironment, readSecretFile, ServiceSettings } from './configuration.ts';
export { startHealthServer } from './health.ts';
export { createLogger, type Logger } from './logger.ts';
export { readThread } from './long-read/read-thread.ts';
export { installationIdOf, openPlatform, type OpenPlatform, type Platform, type ProjectedModel } from './platform.ts';
export { type Projection, type ProjectionHandle, type Revised, runProjection } from './projection.ts';
export { type Closable, runMain } from './run-main.ts';
