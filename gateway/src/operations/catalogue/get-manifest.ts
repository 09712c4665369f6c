// GET /datasets/:id/versions/:version/manifest, and of models.
import { Manifest } from '@baton/contracts';
import { operation } from '../operation.ts';
import { type Catalogue, manifestDigest, VersionPath } from './catalogue.ts';

export const getManifest = (catalogue: Catalogue) =>
  operation({
    method: 'GET',
    url: `/${catalogue.path}/:id/versions/:version/manifest`,
    summary: `List the files of a ${catalogue.noun}'s version; \`latest\` is the newest`,
    access: 'user',
    past: true,
    schema: { params: VersionPath, response: Manifest },
    handler: async ({ call, params, gateway, reply }) => {
      const { digest } = await manifestDigest(catalogue, call, params);
      void reply.header('etag', `"${digest}"`);
      return gateway.manifests.read(digest);
    },
  });
