// Answers that many operations share.
export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}
/** What a command answers: the thing and its new revision. */
export interface Changed {
  readonly id: string;
  readonly revision: number;
}
