// The model service's own settings.
import { Type, type Static } from 'typebox';

export const ModelConfig = Type.Object({
  /** Folder of the content-addressed blobs, shared with the gateway and the executors. */
  BATON_BLOB_FOLDER: Type.String({ minLength: 1 }),
});
export type ModelConfig = Static<typeof ModelConfig>;
