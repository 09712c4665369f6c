// The OpenAPI document's frame; its paths come from the operations' own schemas.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

const DESCRIPTION = `Errors are problem documents (RFC 9457) with a stable \`code\`. Lists are \`{items, nextCursor}\`. Send \`Idempotency-Key\` with a
POST to be able to repeat it safely; \`If-Match\` with the ETag that was read to change only what was seen. Where PUT, PATCH or DELETE are blocked, send POST
with \`X-HTTP-Method-Override\`. Files go to \`/files\` by tus 1.0.0.`;

export function openApiOptions(): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Baton',
        version: '1',
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } as never,
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'baton' },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
  };
}
