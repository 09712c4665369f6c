// A registry of one image, as small as the protocol allows (OCI distribution, Docker's schema 2), on a free port of this machine.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface ImageRegistry {
  /** `host:port/name`. */
  readonly repository: string;
  /** Of its manifest. */
  readonly digest: string;
  stop(): Promise<void>;
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const DISTRIBUTION = 'application/vnd.docker';

/** `tar`: the file system of the image. It is under the tag `1`; every other name is unknown. */
export async function startImageRegistry(tar: string): Promise<ImageRegistry> {
  const rootFs = readFileSync(tar);
  const layer = gzipSync(rootFs);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Env: ['PATH=/bin', 'FROM_IMAGE=yes'] },
      rootfs: { type: 'layers', diff_ids: [digestOf(rootFs)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: described(config, `${DISTRIBUTION}.container.image.v1+json`),
      layers: [described(layer, `${DISTRIBUTION}.image.rootfs.diff.tar.gzip`)],
    }),
  );
  const blobs = new Map([config, layer].map((blob) => [digestOf(blob), blob]));
  const server = createServer(({ url = '' }, response) => {
    const [, kind, reference = ''] = /^\/v2\/digits\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
    const isManifest = kind === 'manifests' && (reference === '1' || reference === digestOf(manifest));
    const found = isManifest ? manifest : blobs.get(reference);
    if (url === '/v2/') response.end('{}');
    else if (found === undefined) {
      const errors = [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown', detail: {} }];
      response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ errors }));
    } else {
      const type = isManifest ? MANIFEST : 'application/octet-stream';
      const headers = {
        'content-type': type,
        'content-length': found.length,
        'docker-content-digest': digestOf(found),
      };
      response.writeHead(200, headers).end(found);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    repository: `127.0.0.1:${port}/digits`,
    digest: digestOf(manifest),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function described(content: Buffer, mediaType: string) {
  return { mediaType, size: content.length, digest: digestOf(content) };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
