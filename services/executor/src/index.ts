// The agent, to be started by its own process or by a test.
export { type Agent, startAgent } from './executor.module.ts';
export { type AgentConfig, parseConfig } from './config.ts';
