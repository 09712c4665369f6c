// Every version of every event has a golden history, none was changed, and each is read as the schemas of today say.
import { type AggregateName, EVENT_CATALOGUE, EVENT_VERSIONS } from '@baton/contracts';
import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkNewEvents } from './event-schemas.ts';
import { nameDecider } from './name.ts';
import { verifyChain } from './stored-commit.ts';
import { CHECKSUMS, goldenBytes, goldenFile, goldenPaths, recordedCommits } from './testing/golden-files.ts';
import { goldenHistories } from './testing/golden-histories.ts';

function versionsInUse(): string[] {
  return Object.entries(EVENT_CATALOGUE).flatMap(([aggregate, events]) =>
    Object.keys(events).flatMap((type) => {
      const newest = EVENT_VERSIONS[aggregate as AggregateName]?.[type] ?? 1;
      return Array.from({ length: newest }, (_, index) => `${aggregate}/${type}.v${index + 1}.json`);
    }),
  );
}

it('there is one for each version of each event, made with `node deploy/workspace/golden.mjs`', () => {
  expect(goldenPaths()).toEqual(versionsInUse().toSorted());
});

it('none was changed, taken away or added without its checksum', () => {
  const sums = goldenPaths().map((path) => `${hash('sha256', goldenBytes(path))}  ${path}`);
  expect(goldenBytes(CHECKSUMS).toString('utf8').trim().split('\n').toSorted()).toEqual(sums.toSorted());
});

describe.each(goldenPaths())('%s', (path) => {
  const file = goldenFile(path);

  it('ends with the event that it is named after', () => {
    const last = file.commits.at(-1) as { readonly events: readonly { readonly type: string; readonly v: number }[] };
    expect(last.events).toContainEqual(expect.objectContaining({ type: file.type, v: file.v }));
  });

  it('is a chain of commits whose events fit their schemas, upcast where they are old', () => {
    const commits = recordedCommits(file);
    expect(() => {
      verifyChain(commits);
      for (const { ref, events } of commits) checkNewEvents(ref, events);
    }).not.toThrow();
  });
});

it.each(goldenHistories('name', nameDecider))('$path comes to the state that was frozen', ({ replay, frozen }) => {
  expect(replay()).toEqual(frozen);
});
