// The user service's own settings.
import { Type, type Static } from 'typebox';

export const UserConfig = Type.Object({
  /** Folder of the per-user keys and of the secrets' values; belongs to this service alone. */
  BATON_KEYS_FOLDER: Type.String({ minLength: 1 }),
  /** File with the one-time token for the first admin's sign-up; gone once it was used. */
  BATON_ADMIN_TOKEN_FILE: Type.Optional(Type.String({ minLength: 1 })),
});
export type UserConfig = Static<typeof UserConfig>;
