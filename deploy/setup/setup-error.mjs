// The error that a person who runs a task can act on, and how it is shown.
export class SetupError extends Error {
  /** `remedy` says what to do next. */
  constructor(problem, remedy, options) {
    super(remedy ? `${problem}\n  -> ${remedy}` : problem, options);
    this.name = 'SetupError';
  }
}

/** Prints each SetupError as its message alone, anything unexpected with its stack. */
export function explain(error) {
  const errors = error instanceof AggregateError ? error.errors : [error];
  for (const each of errors) console.error(each instanceof SetupError ? `ERROR: ${each.message}` : each);
}
