// GET /livez: the process answers.
import { strict } from '@baton/contracts';
import { Type } from 'typebox';
import { operation } from '../operation.ts';

export const livez = operation({
  method: 'GET',
  url: '/livez',
  root: true,
  summary: 'Whether the process is alive',
  access: 'anonymous',
  schema: { response: strict({ ok: Type.Boolean() }) },
  handler: () => ({ ok: true }),
});
