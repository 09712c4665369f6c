// For tests elsewhere: golden histories of aggregates to replay, and ready-made commits.
export { commit, newRef } from './commits.ts';
export { type GoldenHistory, goldenHistories } from './golden-histories.ts';
