// /livez, /readyz and /metrics for a service that runs as a process of its own.
import { createServer } from 'node:http';
import { collectDefaultMetrics, register } from 'prom-client';

/** `details`: what /readyz says besides whether it is. */
export async function startHealthServer(
  port: number,
  isReady: () => boolean,
  details: () => object = () => ({}),
): Promise<{ close(): Promise<void> }> {
  collectDefaultMetrics();
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      void register
        .metrics()
        .then((text) => response.writeHead(200, { 'content-type': register.contentType }).end(text));
    } else if (request.url === '/livez' || request.url === '/readyz') {
      const ok = request.url === '/livez' || isReady();
      response
        .writeHead(ok ? 200 : 503, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ok, ...details() }));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return { close: () => new Promise((resolve) => void server.close(() => resolve())) };
}
