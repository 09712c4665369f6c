// GET /: to the page that explains what is here.
import { operation } from '../operation.ts';

export const home = operation({
  method: 'GET',
  url: '/',
  root: true,
  summary: 'The way to /docs',
  access: 'anonymous',
  schema: {},
  produces: 'text/html',
  handler: ({ reply }) => reply.redirect('/docs'),
});
