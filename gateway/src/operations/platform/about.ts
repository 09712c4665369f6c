// GET /about: what this is and where its parts are.
import { strict } from '@baton/contracts';
import { Type } from 'typebox';
import { operation } from '../operation.ts';

export const about = operation({
  method: 'GET',
  url: '/about',
  summary: 'Show what this is and where inference requests go',
  access: 'anonymous',
  schema: {
    response: strict({
      name: Type.Literal('baton'),
      api: Type.Literal('v1'),
      servingUrl: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  handler: ({ gateway }) => ({ name: 'baton' as const, api: 'v1' as const, servingUrl: gateway.servingUrl }),
});
