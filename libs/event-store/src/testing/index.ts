// What services need to replay the golden histories of their aggregates.
export { type GoldenHistory, goldenHistories } from './golden-histories.ts';
