// The state of a named, owned, versioned thing as its decider sees it.
import type { Details } from './details.ts';

/** What the next version is compared with and counted from. */
export interface LatestVersion {
  readonly version: number;
  readonly digest: string;
}

export interface Present<L extends LatestVersion = LatestVersion> {
  readonly status: 'present';
  readonly details: Details;
  /** Null while there is none. */
  readonly latest: L | null;
}

export type Thing<L extends LatestVersion = LatestVersion> =
  | { readonly status: 'absent' }
  | Present<L>
  | { readonly status: 'deleted' };

/** A version of something deleted can't be in the log; the state stays as it is. */
export function withVersion<L extends LatestVersion>(state: Thing<L>, latest: L): Thing<L> {
  return state.status === 'present' ? { ...state, latest } : state;
}
