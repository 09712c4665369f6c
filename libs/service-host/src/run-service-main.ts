// The body of a Nest service's main.ts.
import type { TSchema } from 'typebox';
import { runMain } from './run-main.ts';
import { type ServiceDefinition, startService } from './service.ts';

export function runServiceMain<C extends TSchema & { properties: object }>(
  definition: ServiceDefinition<C>,
): Promise<void> {
  return runMain((environment) => startService(definition, environment));
}
