// The pure rules of named, owned, versioned things: what the domains of the dataset and model services share.
export { demandWritable, refuseUnreadable } from './access.ts';
export { type Details, type DetailsWanted, describe } from './details.ts';
export { changeOf, type ChangeWanted, withChange } from './change.ts';
export { type LatestVersion, type Present, type Thing, withVersion } from './thing.ts';
