// The Decider type, fold, and the given/when/then specification.
export { type Decider, fold } from './decider.ts';
export { given, type Outcome } from './specification.ts';
