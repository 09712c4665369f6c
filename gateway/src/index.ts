// The gateway, to be composed into one process or started alone.
export { type RunningGateway, startGateway } from './start.ts';
