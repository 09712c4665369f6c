// GET /datasets/:id/versions/:version/archive, and of models.
import { ArchiveQuery, sendArchive } from '../../content/send-archive.ts';
import { operation } from '../operation.ts';
import { type Catalogue, manifestDigest, VersionPath } from './catalogue.ts';

export const getArchive = (catalogue: Catalogue) =>
  operation({
    method: 'GET',
    url: `/${catalogue.path}/:id/versions/:version/archive`,
    summary: `Download a ${catalogue.noun}'s version as a tar, tar.gz or zip`,
    access: 'user',
    schema: { params: VersionPath, query: ArchiveQuery },
    produces: 'application/x-tar',
    handler: async ({ call, params, query, gateway, request, reply }) => {
      const { digest, name } = await manifestDigest(catalogue, call, params);
      return sendArchive(request, reply, gateway, { digest, name, format: query.format });
    },
  });
