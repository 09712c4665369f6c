// GET /datasets/:id/versions/:version/files/*, and of models.
import { sendFile } from '../../content/send-file.ts';
import { operation } from '../operation.ts';
import { type Catalogue, FilePath, manifestDigest } from './catalogue.ts';

export const getFile = (catalogue: Catalogue) =>
  operation({
    method: 'GET',
    url: `/${catalogue.path}/:id/versions/:version/files/*`,
    summary: `Download one file of a ${catalogue.noun}'s version; takes ranges`,
    access: 'user',
    schema: { params: FilePath },
    produces: 'application/octet-stream',
    handler: async ({ call, params, gateway, request, reply }) => {
      const { digest } = await manifestDigest(catalogue, call, params);
      return sendFile(request, reply, gateway.blobs, await gateway.manifests.file(digest, params['*']));
    },
  });
