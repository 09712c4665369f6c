// Small logs for tests: reservations of names, chained as the log has them, and what a forger makes of them.
import type { Commit, NameEvent } from '@baton/contracts';
import { hashOf, nameDecider, newId, type StoredMessage } from '@baton/event-store';
import { commit } from '@baton/event-store/testing';
import type { LogContent } from '../log-content.ts';
import { EMPTY_MARKS } from '../log-content.ts';
import type { Reducers } from '../verify/reducers.ts';

export const NAME_REDUCERS: Reducers = { name: nameDecider };

export function nameCommit(members: Partial<Commit> = {}): Commit {
  const reserved: NameEvent = { type: 'NameReserved', v: 1, data: { kind: 'dataset', holderId: newId('dataset') } };
  return commit({ events: [reserved], ...members });
}

/** `count` commits of some names, each chained to the one before it of its own. */
export function nameLog(count: number, aggregates = 3): StoredMessage[] {
  const subjects = Array.from({ length: aggregates }, () => `evt.name.${newId('name')}`);
  const commits = Array.from({ length: count }, (_, index) => ({
    subject: subjects[index % aggregates] ?? '',
    commit: nameCommit(),
  }));
  return chained(commits);
}

interface Unchained {
  readonly subject: string;
  readonly commit: Commit;
}

/** With revisions and hashes as they have to be: what somebody makes who rewrites history and knows how. */
export function chained(commits: readonly Unchained[]): StoredMessage[] {
  const last = new Map<string, { revision: number; hash: string }>();
  return commits.map(({ subject, commit }, index) => {
    const before = last.get(subject) ?? { revision: 0, hash: '' };
    const revision = before.revision + 1;
    const bytes = Buffer.from(JSON.stringify({ ...commit, revision, prevHash: before.hash }));
    last.set(subject, { revision, hash: hashOf(bytes) });
    return { position: index + 1, subject, bytes };
  });
}

/** The same log with one commit's data changed, and the chain mended behind it. */
export function rewritten(log: readonly StoredMessage[], position: number): StoredMessage[] {
  const commits = log.map((message) => ({ ...message, commit: commitOf(message) }));
  return chained(
    commits.map(({ subject, commit, position: at }) => ({
      subject,
      commit: at === position ? { ...commit, actor: 'usr_somebody' } : commit,
    })),
  );
}

export function commitOf({ bytes }: StoredMessage): Commit {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as Commit;
}

/** As a log whose jobs are empty. */
export function contentOf(events: readonly StoredMessage[], end = events.length): LogContent {
  return {
    after: EMPTY_MARKS,
    ends: { JOBS: 0, EVENTS: end },
    async *read() {
      for (const message of events) yield { stream: 'EVENTS', messages: [message] };
    },
  };
}
