// GET /datasets/:id/versions/:version/archive, and of models.
import { sendArchive } from '../../content/send-archive.ts';
import { operation } from '../operation.ts';
import { type Catalogue, manifestDigest, VersionPath } from './catalogue.ts';

export const getArchive = (catalogue: Catalogue) =>
  operation({
    method: 'GET',
    url: `/${catalogue.path}/:id/versions/:version/archive`,
    summary: `Download a ${catalogue.noun}'s version as a tar`,
    access: 'user',
    schema: { params: VersionPath },
    produces: 'application/x-tar',
    handler: async ({ call, params, gateway, request, reply }) =>
      sendArchive(request, reply, gateway, await manifestDigest(catalogue, call, params)),
  });
