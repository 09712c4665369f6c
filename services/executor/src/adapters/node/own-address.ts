// Where this server is reached: the address that it has towards the platform, and ports of it that are free.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { hostname } from 'node:os';

/** The local address of the way to the platform, over which other nodes will most likely come too. Nothing is sent. */
export async function addressTowards(url: string): Promise<string> {
  try {
    const { hostname: host, port } = new URL(url);
    return await localAddress(host.replace(/^\[|\]$/g, ''), Number(port || 4_222));
  } catch {
    return hostname();
  }
}

async function localAddress(host: string, port: number): Promise<string> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    const connected = once(socket, 'connect');
    socket.connect(port, host);
    await connected;
    return socket.address().address;
  } finally {
    socket.close();
  }
}

/** Free on all of the server's addresses just now. Something else may take it before it is used: then the job that was to use it fails. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
