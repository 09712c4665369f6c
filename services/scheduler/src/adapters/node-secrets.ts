// The secret parts of join tokens: 256 bits, stored as a hash, compared in constant time.
import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { NodeSecrets } from '../app/node-admin.ts';

const SECRET_BYTES = 32;

export function nodeSecrets(installationSecret: string): NodeSecrets {
  const key = Buffer.from(hkdfSync('sha256', installationSecret, '', 'baton node join tokens 1', SECRET_BYTES));
  return {
    random: () => randomBytes(SECRET_BYTES).toString('base64url'),
    derive: (nodeId) => createHmac('sha256', key).update(nodeId).digest('base64url'),
    hash: (secret) => createHash('sha256').update(secret).digest('hex'),
    matches: (secret, hash) => {
      const given = createHash('sha256').update(secret).digest();
      const known = Buffer.from(hash, 'hex');
      return known.length === given.length && timingSafeEqual(given, known);
    },
  };
}
