// What folds each kind of aggregate: the rules' own functions, given by whoever composes the services.
import type { AggregateName } from '@baton/contracts';

export interface Reducer {
  readonly initialState: unknown;
  evolve(state: never, event: never): unknown;
}

export type Reducers = Readonly<Partial<Record<AggregateName, Reducer>>>;
