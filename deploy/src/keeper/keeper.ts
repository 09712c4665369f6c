// The keeper: signs once a minute where the log stands, so that a rewritten or shortened history shows.
import { mustHoldHeads, openSealKey, sealHeads } from '@baton/log-archive';
import { connectBus } from '@baton/messaging';
import { type Closable, createLogger, type Environment, parseEnvironment, readSecretFile } from '@baton/service-host';
import { type Static, Type } from 'typebox';

const KeeperSettings = Type.Object({
  BATON_NATS_URL: Type.String({ minLength: 1 }),
  BATON_NATS_USER: Type.Optional(Type.String()),
  BATON_NATS_PASSWORD_FILE: Type.Optional(Type.String()),
  /** Made, mode 0600, if it is not there. */
  BATON_SEAL_KEY_FILE: Type.String({ minLength: 1 }),
  /** Grows by a line for each stream that has grown. */
  BATON_HEADS_FILE: Type.String({ minLength: 1 }),
  /** `interval`: a power cut may shorten the log, so that this is no reason not to start. */
  BATON_NATS_SYNC: Type.Optional(Type.Union([Type.Literal('always'), Type.Literal('interval')])),
  BATON_SEAL_EVERY_MS: Type.Optional(Type.String({ pattern: '^[1-9]\\d*$' })),
  BATON_LOG_LEVEL: Type.Optional(Type.String()),
});
type KeeperSettings = Static<typeof KeeperSettings>;

const EVERY_MS = 60_000;
/** How long a stop waits for the last seal. */
const LAST_SEAL_MS = 2_000;

/** Throws `conflict` when the log is shorter than it was, or another: what would be written then could contradict what was told. */
export async function startKeeper(environment: Environment): Promise<Closable> {
  const settings = parseEnvironment(KeeperSettings, environment);
  const log = createLogger('keeper', settings.BATON_LOG_LEVEL);
  const onError = (error: unknown): void => log.error({ err: error }, 'the log was not sealed');
  const bus = await connectBus({ url: settings.BATON_NATS_URL, role: 'keeper', onError, ...credentialsOf(settings) });
  const key = openSealKey(settings.BATON_SEAL_KEY_FILE);
  const file = settings.BATON_HEADS_FILE;
  if (settings.BATON_NATS_SYNC !== 'interval') await mustHoldHeads({ connection: bus.connection, file });
  let sealing: Promise<unknown> = Promise.resolve();
  const seal = (): Promise<unknown> => {
    sealing = sealing.then(() => sealHeads({ connection: bus.connection, key, file, now: Date.now })).catch(onError);
    return sealing;
  };
  const timer = setInterval(() => void seal(), Number(settings.BATON_SEAL_EVERY_MS ?? EVERY_MS));
  return {
    close: async () => {
      clearInterval(timer);
      const late = new Promise((resolve) => setTimeout(resolve, LAST_SEAL_MS).unref());
      await Promise.race([seal(), late]);
      await bus.close();
    },
  };
}

function credentialsOf({ BATON_NATS_USER: user, BATON_NATS_PASSWORD_FILE: file }: KeeperSettings) {
  return user === undefined || file === undefined ? {} : { credentials: { user, password: readSecretFile(file) } };
}
