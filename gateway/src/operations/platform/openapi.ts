// GET /openapi.json: this API in OpenAPI 3.1, from the very schemas that requests are checked with.
import { Type } from 'typebox';
import { operation } from '../operation.ts';

export const openapi = operation({
  method: 'GET',
  url: '/openapi.json',
  root: true,
  summary: 'The OpenAPI 3.1 document',
  access: 'anonymous',
  schema: { response: Type.Object({}) },
  handler: ({ request }) => request.server.swagger(),
});
