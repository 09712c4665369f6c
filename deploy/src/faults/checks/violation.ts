// What must never be.
export interface Violation {
  readonly invariant: Invariant;
  readonly at: number;
  readonly what: string;
}

export const INVARIANTS = {
  'device-held-twice': 'no device is ever held by two live processes',
  'device-given-twice': 'no device is given twice in the log',
  'started-twice': 'an attempt is started at most once, anywhere',
  'runs-twice': 'no job runs twice at once',
  'started-unasked': 'nothing is let go but what the log has placed there',
  'killed-unasked': 'nothing is stopped but what the log, a limit or the calling back of a waiting one asks to stop',
  'gang-in-part': 'a job on several nodes is given all of them, and none of it starts before all are ready',
  'command-lost': 'no acknowledged command is lost',
  'chain-broken': "each commit of a job follows the one before it, and a stale leader's have no effect",
  'term-shared': 'no two leaders write in one term, and terms never go back',
  'after-the-end': 'a job ends once, and nothing is said of it afterwards',
  'blamed-wrongly': 'no job is blamed for what was not its own fault',
  'fact-lost': 'how a process ended is what the log says',
  'never-ends': 'every job ends when the faults are over',
  'ledger-differs': "a ledger rebuilt from the log is the leader's own",
  'code-failed': 'nothing is thrown that nobody expects',
} as const;
export type Invariant = keyof typeof INVARIANTS;

export type Violated = (invariant: Invariant, what: string) => void;
