// What a replay of the log leaves out, or plays otherwise than it was, in sentences.

const WORDS = {
  cancelled: (count: string) => `${count} cancelled before they ran, and left out.`,
  cancelledRunning: (count: string) => `${count} cancelled while they ran: they run as long as they did.`,
  neverRan: (count: string) => `${count} over without having run, and left out.`,
  goneNodes: (count: string) => `${count} on nodes or devices that are not there any more, and left out.`,
  notYet: (count: string) => `${count} not to start yet, and left out.`,
  notOver: (count: string) => `${count} not over: they run as long as such jobs are expected to.`,
  stillWaiting: (count: string) => `${count} still waiting: they take their part, and are not counted.`,
  noNode: (count: string) => `${count} never started in a replay on the nodes that there are, and not counted.`,
  dependent: (count: string) => `${count} after others: they may start when those had really ended.`,
  arrayLimited: (count: string) => `${count} of arrays with a limit: they start no sooner than they really did.`,
} as const;

export class WhatIfNotes {
  readonly #counts = new Map<keyof typeof WORDS, number>();
  readonly #more: string[] = [];

  count(what: keyof typeof WORDS): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** Gives nothing. */
  leaveOut(what: keyof typeof WORDS): never[] {
    this.count(what);
    return [];
  }

  rules(policyChanges: number, bookings: number): void {
    if (policyChanges > 0)
      this.#more.push(
        `The policy was changed ${times(policyChanges)} meanwhile: the replay has the present one all the time.`,
      );
    if (bookings > 0) this.#more.push('Reservations of nodes are not replayed.');
    this.#more.push('Nodes are as they are now, and in service all the time.');
  }

  sentences(): string[] {
    const counted = (Object.keys(WORDS) as (keyof typeof WORDS)[]).flatMap((what) => {
      const count = this.#counts.get(what) ?? 0;
      return count === 0 ? [] : [WORDS[what](count === 1 ? '1 job was' : `${count} jobs were`)];
    });
    return [...counted, ...this.#more];
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
