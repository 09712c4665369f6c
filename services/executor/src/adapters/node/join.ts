// `join URL`: turns a one-time token into a node of its own, once; told again, it finds that it has joined.
import { fits } from '@baton/contracts';
import { PlatformError } from '@baton/errors';
import { nkeys } from '@nats-io/transport-node';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { JoinedNode, type OwnCredentials } from '../../joined-node.ts';
import { keepJoinedNode, keepOwnCredentials, readJoinedNode, readOwnCredentials } from './credential-files.ts';

const TIMEOUT_MS = 30_000;
const SECRET_BYTES = 32;

export interface Joining {
  /** The agent's folder: made if it is missing. */
  readonly folder: string;
  /** Of the platform's REST interface. */
  readonly url: string;
  readonly token: string | undefined;
}

export async function joinPlatform({ folder, url, token }: Joining): Promise<JoinedNode> {
  const apiUrl = addressOf(url);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const before = readJoinedNode(folder);
  if (before) return sameNode(before, { folder, url: apiUrl, token });
  if (!token) {
    const message = 'The join token is missing. `baton node add` prints it; give it in BATON_JOIN.';
    throw new PlatformError('invalid_input', message);
  }
  const own = await ownCredentials(folder, apiUrl);
  const node: unknown = { ...own, ...(await ask(own, token)) };
  if (!fits(JoinedNode, node)) throw new PlatformError('unavailable', `${apiUrl} gave no answer of this platform.`);
  await keepJoinedNode(folder, node);
  return node;
}

/** Its jobs, too, are in the folder: another node begins in another one. */
function sameNode(before: JoinedNode, { folder, url, token }: Joining): JoinedNode {
  const isSame = before.apiUrl === url && (!token || token.includes(before.nodeId.slice('nod_'.length)));
  if (isSame) return before;
  const message = `${folder} is the folder of node ${before.nodeId} at ${before.apiUrl}. Set BATON_AGENT_FOLDER to another one.`;
  throw new PlatformError('conflict', message);
}

/** Kept before they are shown to anybody: an answer that is lost is asked for again with the same ones. */
async function ownCredentials(folder: string, apiUrl: string): Promise<OwnCredentials> {
  const begun = readOwnCredentials(folder);
  if (begun?.apiUrl === apiUrl) return begun;
  const seed = new TextDecoder().decode(nkeys.createUser().getSeed());
  const own = { apiUrl, seed, secret: randomBytes(SECRET_BYTES).toString('base64url') };
  await keepOwnCredentials(folder, own);
  return own;
}

/** Only what can check the credentials is sent. */
async function ask({ apiUrl, seed, secret }: OwnCredentials, token: string): Promise<object> {
  const publicKey = nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();
  const tokenHash = createHash('sha256').update(secret).digest('hex');
  const response = await fetch(`${apiUrl}/api/v1/nodes/join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, publicKey, tokenHash }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new PlatformError('unavailable', `${apiUrl} can not be reached from this server.`, { cause });
  });
  const answer = (await response.json().catch(() => ({}))) as { id?: string; detail?: string };
  if (!response.ok) throw new PlatformError('forbidden', answer.detail ?? `${apiUrl} answered ${response.status}.`);
  const { id: nodeId, ...rest } = answer;
  return { nodeId, ...rest };
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href.replace(/\/+$/, '');
  throw new PlatformError('invalid_input', `"${text}" is no address. Give one like https://baton.example.com.`);
}
