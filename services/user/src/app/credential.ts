// How tokens and invites are written: `bat_<id>_<secret>` and `bai_<id>_<secret>`, the id without its prefix.
import { ID_PREFIX } from '@baton/contracts';

const PREFIX = { token: 'bat', invite: 'bai' } as const;
type CredentialKind = keyof typeof PREFIX;
const FORM = /^(bat|bai)_([a-z0-9]{26})_([A-Za-z0-9_-]{43})$/;

export interface Credential {
  readonly id: string;
  readonly secret: string;
}

export function formatCredential(kind: CredentialKind, { id, secret }: Credential): string {
  return `${PREFIX[kind]}_${id.slice(ID_PREFIX[kind].length + 1)}_${secret}`;
}

/** Null if the text is no credential of this kind. */
export function parseCredential(kind: CredentialKind, text: string): Credential | null {
  const [, prefix, id, secret] = FORM.exec(text) ?? [];
  if (prefix !== PREFIX[kind] || id === undefined || secret === undefined) return null;
  return { id: `${ID_PREFIX[kind]}_${id}`, secret };
}
