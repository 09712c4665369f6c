// A TCP port that nothing listens on.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below those that Linux gives to outgoing connections and to whoever asks for any port: a port of theirs is taken by somebody's
 * connection as soon as its server is killed, and the server can't be started again on it.
 */
const FIRST = 20_000;
const LAST = 32_000;

/** A free port of the loopback interface: the preferred one if it is free. */
export async function freePort(preferred: number = randomInt(FIRST, LAST)): Promise<number> {
  for (let port = preferred; ; port = randomInt(FIRST, LAST)) if (await isFree(port)) return port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  } catch {
    return false;
  }
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return true;
}
