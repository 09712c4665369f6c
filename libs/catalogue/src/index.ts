// Named, owned, versioned things: what the dataset and model services share beyond their rules (see `./rules`).
export { type Command, type ThingChange, ThingCommands, type ThingKind, type ThingWanted } from './commands.ts';
export { ingestPort, type Ingested, type IngestPort, type UploadWanted } from './ingest.ts';
export { openThings, type Things, type ThingsOptions } from './open-things.ts';
export { type Listing, ThingQueries } from './queries.ts';
export { readableBy } from './read-filter.ts';
export {
  applyCommit,
  changedView,
  createdView,
  grownView,
  THING_INDEXES,
  type ThingView,
  type VersionView,
  versionStamp,
} from './view.ts';
