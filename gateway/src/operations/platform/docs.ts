// GET /docs: the same document for people.
import { renderDocs } from '../../docs/page.ts';
import { operation } from '../operation.ts';

export const docs = operation({
  method: 'GET',
  url: '/docs',
  root: true,
  summary: 'The API for people to read',
  access: 'anonymous',
  schema: {},
  produces: 'text/html',
  handler: ({ request, reply }) => {
    void reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
    return renderDocs(request.server.swagger());
  },
});
