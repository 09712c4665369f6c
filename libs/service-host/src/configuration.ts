// Configuration: one schema, one type, parsed once from the environment at boot.
import { PlatformError } from '@baton/errors';
import { fits, issuesOf } from '@baton/contracts';
import { Type, type Static, type TSchema } from 'typebox';
import { readFileSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every service needs. Secrets come from files, so that they stand in no process list. */
export const ServiceSettings = Type.Object({
  BATON_NATS_URL: Type.String({ minLength: 1 }),
  BATON_NATS_USER: Type.Optional(Type.String()),
  BATON_NATS_PASSWORD_FILE: Type.Optional(Type.String()),
  /** `always`: nats-server acknowledges after the fsync. */
  BATON_NATS_SYNC: Type.Optional(Type.Union([Type.Literal('always'), Type.Literal('interval')])),
  /** Where nats-server keeps the log, if that is on this machine: while its disk is full, commands are refused. */
  BATON_NATS_STORE: Type.Optional(Type.String()),
  /** The installation's secret: derived ids and stored secrets hang on it. */
  BATON_SECRET_FILE: Type.String({ minLength: 1 }),
  /** `sqlite:<folder>` or `mongodb://...`. */
  BATON_READ_STORE: Type.String({ minLength: 1 }),
  BATON_LOG_LEVEL: Type.Optional(Type.String()),
  /** Where the service answers /livez, /readyz and /metrics by itself; none if absent. */
  BATON_HEALTH_PORT: Type.Optional(Type.String({ pattern: '^\\d+$' })),
});
export type ServiceSettings = Static<typeof ServiceSettings>;

/** The members of `environment` that `schema` names, checked; every missing or wrong one is named at once. */
export function parseEnvironment<S extends TSchema & { properties: object }>(
  schema: S,
  environment: Environment,
): Static<S> {
  const named = Object.keys(schema.properties).flatMap((key) => {
    const value = environment[key];
    return value === undefined || value === '' ? [] : [[key, value]];
  });
  const settings: unknown = Object.fromEntries(named);
  if (fits(schema, settings)) return settings;
  const faults = issuesOf(schema, settings).map((issue) => `${issue.pointer.slice(1)} ${issue.detail}`);
  throw new PlatformError('invalid_input', `The configuration is not valid: ${faults.join('; ')}.`);
}

/** A secret's file, without the line end. */
export function readSecretFile(path: string): string {
  return readFileSync(path, 'utf8').trim();
}
