// The inference server: fastify, with bodies taken as bytes whatever their content type, and the protocol's errors.
import fastify, { type FastifyInstance } from 'fastify';
import { PlatformError } from '@baton/errors';
import { accessTo } from './access.ts';
import { sendError } from './errors.ts';
import { type InferenceServerOptions, METHODS, type Route } from './route.ts';
import { routes } from './routes.ts';

export function buildInferenceServer(options: InferenceServerOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: options.bodyLimitBytes,
    exposeHeadRoutes: false,
    logger: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 256 },
  });
  app.removeAllContentTypeParsers();
  // Clients of the protocol send no content type, or one of several: what counts is the body.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, _request, reply) => sendError(reply, error, options.report));
  app.setNotFoundHandler((request, reply) =>
    sendError(reply, new PlatformError('not_found', `There is nothing at ${request.url}.`), options.report),
  );
  const table = routes({ ...options, access: accessTo(options.registry, options.authenticate) });
  for (const { method, url, handle } of table) app.route({ method, url, handler: handle });
  refuseOtherMethods(app, table);
  return app;
}

function refuseOtherMethods(app: FastifyInstance, table: readonly Route[]): void {
  for (const url of new Set(table.map((route) => route.url))) {
    const allowed = table.filter((route) => route.url === url).map((route) => route.method);
    app.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url,
      handler: (request, reply) => {
        void reply.header('allow', allowed.join(', '));
        throw new PlatformError(
          'method_not_allowed',
          `${request.method} is not possible here, only ${allowed.join(' and ')}.`,
        );
      },
    });
  }
}
