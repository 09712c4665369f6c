// A service's life: configuration, platform, Nest module, ready, orderly stop.
import 'reflect-metadata';
import type { NatsRole, StreamName } from '@baton/contracts';
import type { Exchange } from '@baton/messaging';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Static, TSchema } from 'typebox';
import { BusStrategy } from './bus-strategy.ts';
import { type Environment, parseEnvironment, ServiceSettings } from './configuration.ts';
import { startHealthServer } from './health.ts';
import { openPlatform, type Platform } from './platform.ts';

export interface ServiceDefinition<C extends TSchema & { properties: object } = TSchema & { properties: object }> {
  readonly role: NatsRole;
  /** Streams it reads or writes besides EVENTS. */
  readonly streams: readonly StreamName[];
  /** Its own settings, beside those of every service. */
  readonly config: C;
  readonly module: (platform: Platform, config: Static<C>) => DynamicModule | Promise<DynamicModule>;
}

export interface RunningService {
  readonly role: NatsRole;
  close(): Promise<void>;
}

/**
 * Resolves when the service answers: its projections have caught up and its subjects are subscribed.
 * Services that share a process are given one `exchange`.
 */
export async function startService<C extends TSchema & { properties: object }>(
  definition: ServiceDefinition<C>,
  environment: Environment,
  exchange?: Exchange,
): Promise<RunningService> {
  const settings = parseEnvironment(ServiceSettings, environment);
  const config = parseEnvironment(definition.config, environment);
  const open = await openPlatform(definition.role, definition.streams, settings, exchange);
  let isReady = false;
  const health = settings.BATON_HEALTH_PORT
    ? await startHealthServer(Number(settings.BATON_HEALTH_PORT), () => isReady)
    : null;
  try {
    const module = await definition.module(open.platform, config);
    await open.ready();
    const strategy = new BusStrategy(open.platform.bus.connection, definition.role, exchange);
    const app = await NestFactory.createMicroservice(module, { strategy, logger: ['error', 'warn'] });
    await app.listen();
    await open.platform.bus.connection.flush();
    isReady = true;
    open.platform.log.info('ready');
    return {
      role: definition.role,
      close: async () => {
        await app.close();
        await health?.close();
        await open.close();
      },
    };
  } catch (error) {
    await health?.close();
    await open.close();
    throw error;
  }
}
