// `baton endpoint ...`.
import { noun } from '../../verb.ts';
import { callEndpoint } from './call.ts';
import { createEndpoint } from './create.ts';
import { deleteEndpoint } from './delete.ts';
import { listEndpoints } from './list.ts';
import { updateEndpoint } from './update.ts';

export const endpoint = () =>
  noun('endpoint', 'model versions that answer inference requests', [
    createEndpoint(),
    listEndpoints(),
    updateEndpoint(),
    deleteEndpoint(),
    callEndpoint(),
  ]);
