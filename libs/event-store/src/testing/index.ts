// What services need to replay the golden histories of their aggregates.
export { goldenHistories } from './golden-contract.ts';
