// What the use cases need from outside: hashing, keys, vault, the one-time token's file, notes to other services.

export interface PasswordHasher {
  /** A PHC string. */
  hash(password: string): Promise<string>;
  /** `null`: there is no such account; takes as long as a real check and answers false. */
  verify(password: string, phc: string | null): Promise<boolean>;
}

/** Encrypts one person's fields under that person's own key. */
export interface PersonalFields {
  /** The key is on disk when this resolves; it is made at the first use. */
  seal(userId: string, field: PersonalField, text: string): Promise<string>;
  /** Null once the person's key is gone. */
  open(userId: string, field: PersonalField, sealed: string): Promise<string | null>;
}

/** The persons' keys as a whole: what is thrown away, and was. */
export interface PersonalKeyring {
  /**
   * Notes beside the keys, durably, that the person is erased, and which secrets they had: backups know by it what they have to
   * forget too. From then on no key is made for them.
   */
  bury(userId: string, secretIds: readonly string[]): Promise<void>;
  /** The key is gone for good when this resolves. */
  destroy(userId: string): Promise<void>;
  /** Who is noted so, whatever the log says. */
  buried(): Promise<string[]>;
}
export type PersonalField = 'email' | 'name';

/** The secret parts of tokens and invites. */
export interface CredentialSecrets {
  random(): string;
  /** The same for the same id, for credentials whose creation may be repeated. */
  derive(id: string): string;
  hash(secret: string): string;
  /** In constant time. */
  matches(secret: string, hash: string): boolean;
  /** A stand-in for a value that must not stand in the log, not even as a plain digest: keyed by the installation. */
  fingerprint(value: string): string;
}

export interface SecretVault {
  /** Stores the value under the first free version above `lastVersion`, durable when it resolves. */
  write(secretId: string, lastVersion: number, value: string): Promise<number>;
  /** Null if the vault has no such version. */
  read(secretId: string, version: number): Promise<string | null>;
  remove(secretId: string, version: number): Promise<void>;
  /** Removes the versions up to `version`, also what is left of an interrupted removal. */
  removeUpTo(secretId: string, version: number): Promise<void>;
}

/** The one-time token for the first admin's sign-up. */
export interface AdminToken {
  /** In constant time; false when there is no such token any more. */
  matches(token: string): Promise<boolean>;
  remove(): Promise<void>;
}

/** Tells caches elsewhere that what a credential or a user may do has changed. */
export type CredentialsChanged = (what: { readonly credentialId: string } | { readonly userId: string }) => void;
