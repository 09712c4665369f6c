// nats-server as its project releases it: an archive that is believed only if its SHA-256 is the one known here.
import { createHash } from 'node:crypto';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { toolBinary } from '../paths.mjs';
import { interruption } from '../process/interruption.mjs';
import { runLogged } from '../process/logged-command.mjs';
import { SetupError } from '../setup-error.mjs';
import { stagedTool } from './staged-tool.mjs';

// The checksums are those that the official image of this version is built with (https://hub.docker.com/_/nats).
const { version, sha256 } = JSON.parse(readFileSync(new URL('nats-server-release.json', import.meta.url), 'utf8'));
const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch];

export const releasedVersion = version;

// Many networks let nobody out, some without a word: whoever does not answer soon is passed over.
const answerMs = 4_000;
const wholeMs = 120_000;

const releases = () => process.env.BATON_NATS_RELEASES ?? 'https://github.com/nats-io/nats-server/releases/download';

export const releasedNatsServer = toolBinary(`nats-server-${version}`);

/** Whether there is a release for this machine whose checksum is known. */
export const hasRelease = () => process.platform === 'linux' && architecture in sha256;

async function open(url) {
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(new Error(`no answer within ${answerMs / 1_000} s`)), answerMs);
  const signal = AbortSignal.any([silent.signal, interruption, AbortSignal.timeout(wholeMs)]);
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    return response.body;
  } finally {
    clearTimeout(timer);
  }
}

async function download(url, file, expected) {
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(await open(url)), hashed, createWriteStream(file));
  const found = hash.digest('hex');
  if (found !== expected) throw new Error(`its SHA-256 is ${found} and not ${expected}`);
}

async function fetchRelease(scratch) {
  const name = `nats-server-v${version}-linux-${architecture}`;
  const url = `${releases()}/v${version}/${name}.tar.gz`;
  const archive = join(scratch, 'release.tar.gz');
  try {
    await download(url, archive, sha256[architecture]);
  } catch (cause) {
    const reason = cause.cause?.message ?? cause.message;
    throw new SetupError(`${url}: ${reason}`, 'set BATON_NATS_RELEASES to a mirror', { cause });
  }
  await runLogged('nats-server', 'tar', [
    '-xzf',
    archive,
    '-C',
    scratch,
    '--strip-components=1',
    `${name}/nats-server`,
  ]);
  return join(scratch, 'nats-server');
}

/** Resolves to the path of the binary; throws a SetupError when it can't be had, or is not what was released. */
export const installReleasedNatsServer = () =>
  stagedTool(releasedNatsServer, `nats-server ${version}: official release`, fetchRelease);
