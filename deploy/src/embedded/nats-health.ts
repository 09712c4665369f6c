// Asks nats-server whether it still writes: after a failed write a stream takes nothing more, without a word to who publishes.
import { createConnection } from 'node:net';
import { HEALTH_INBOX, HEALTH_SUBJECT } from '@baton/contracts/nats';

const TIMEOUT_MS = 1_000;
/** A stream after a failed write, and JetStream when older servers have switched it off for that. */
const STOPPED = /write error|not enabled/i;

export interface HealthSource {
  readonly url: string;
  readonly healthPassword: string;
}

/** Why it writes no more, in its own words; null while it does, and while it does not answer. */
export async function writeFailure(nats: HealthSource): Promise<string | null> {
  const reply = await ask(nats)
    .then((text) => JSON.parse(text) as HealthReply)
    .catch(() => null);
  const error = reply?.data?.error ?? '';
  return STOPPED.test(error) ? error : null;
}

interface HealthReply {
  readonly data?: { readonly error?: string };
}

/** The NATS protocol in four lines spares the launcher the memory of a client library. */
function ask({ url, healthPassword }: HealthSource): Promise<string> {
  const { hostname, port } = new URL(url);
  const options = { user: 'health', pass: healthPassword, verbose: false, pedantic: false };
  const lines = [
    `CONNECT ${JSON.stringify(options)}`,
    `SUB ${HEALTH_INBOX} 1`,
    `PUB ${HEALTH_SUBJECT} ${HEALTH_INBOX} 0`,
    '',
  ];
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = createConnection({ host: hostname, port: Number(port) });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      received += chunk.toString();
      const reply = /\r\nMSG [^\r]*\r\n(.*)\r\n/.exec(received)?.[1];
      if (reply === undefined) return;
      socket.destroy();
      resolve(reply);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('no answer')));
    socket.write(`${lines.join('\r\n')}\r\n`);
  });
}
