// One agent a folder: held by an abstract socket, which the kernel lets go of however this process ends.
import { PlatformError } from '@baton/errors';
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

export async function lockAgentFolder(folder: string): Promise<Server> {
  const hash = createHash('sha256')
    .update(await realpath(folder))
    .digest('hex')
    .slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new PlatformError('conflict', `Another agent works in ${folder}.`, { cause })),
    );
    server.listen(`\0baton-agent-${hash}`, resolve);
  });
  return server.unref();
}
