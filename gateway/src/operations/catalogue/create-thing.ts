// POST /datasets, /models.
import { Changed, CreateThing } from '@baton/contracts';
import { operation } from '../operation.ts';
import type { Catalogue } from './catalogue.ts';

export const createThing = (catalogue: Catalogue) =>
  operation({
    method: 'POST',
    url: `/${catalogue.path}`,
    summary: `Make a ${catalogue.noun}; its versions follow`,
    access: 'user',
    schema: { body: CreateThing, response: Changed },
    status: 201,
    location: ({ id }) => `/${catalogue.path}/${id}`,
    handler: ({ call, body }) => call(catalogue.rpc.create, body),
  });
