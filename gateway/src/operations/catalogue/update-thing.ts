// PATCH /datasets/:id, /models/:id.
import { Changed, UpdateThing } from '@baton/contracts';
import { without } from '../body.ts';
import { operation } from '../operation.ts';
import { IdPath } from '../path.ts';
import type { Catalogue } from './catalogue.ts';

export const updateThing = (catalogue: Catalogue) =>
  operation({
    method: 'PATCH',
    url: `/${catalogue.path}/:id`,
    summary: `Change a ${catalogue.noun}'s description, tags, visibility or group`,
    access: 'user',
    schema: { params: IdPath, body: without(UpdateThing, 'id', 'ownerId'), response: Changed },
    handler: ({ call, params, body }) => call(catalogue.rpc.update, { ...body, ...params }),
  });
