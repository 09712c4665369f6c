// The dataset service's own settings.
import { Type, type Static } from 'typebox';

export const DatasetConfig = Type.Object({
  /** Folder of the content-addressed blobs, shared with the gateway. */
  BATON_BLOB_FOLDER: Type.String({ minLength: 1 }),
});
export type DatasetConfig = Static<typeof DatasetConfig>;
