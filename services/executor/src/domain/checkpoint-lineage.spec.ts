// Which checkpoints a job goes on from: over any history of nodes, retries and losses, never from older ones.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { grown, isAsNewAs, isUnfinished, type Lineage } from './checkpoint-lineage.ts';

it('keeps the own folder for what it has grown out of, and for no other', () => {
  const lineage = grown(grown([], 'a'), 'b');
  expect([null, 'a', 'b', 'c'].map((asked) => isAsNewAs(lineage, asked))).toEqual([true, true, true, false]);
  expect(grown(lineage, 'a')).toEqual(['b', 'a']);
  expect(isAsNewAs([], 'a')).toBe(false);
});

it('knows unfinished files and folders by their names', () => {
  expect(['a.tmp', 'step-3.PARTIAL', 'a.tmp.pt', 'tmp'].map(isUnfinished)).toEqual([true, true, false, false]);
});

interface Node {
  readonly epoch: number;
  readonly lineage: Lineage;
}

/** An attempt on a node: epochs that it trains, and whether what it left could be stored and reported. */
interface Run {
  readonly node: number;
  readonly epochs: number;
  readonly isStored: boolean;
  readonly isReported: boolean;
}

const epochOf = (asked: string | null) => Number(asked?.split(' ')[0] ?? 0);

function begin(own: Node, asked: string | null): Node {
  const keeps = asked === null || (own.epoch > 0 && isAsNewAs(own.lineage, asked));
  return keeps ? own : { epoch: epochOf(asked), lineage: [asked] };
}

it('never goes back behind what the log has, whichever nodes it runs on and whatever is lost on the way', () => {
  const run = fc.record({ node: fc.nat(2), epochs: fc.nat(3), isStored: fc.boolean(), isReported: fc.boolean() });
  fc.assert(
    fc.property(fc.array<Run>(run, { maxLength: 30 }), (runs) => {
      const nodes: Node[] = [0, 1, 2].map(() => ({ epoch: 0, lineage: [] }));
      let asked: string | null = null;
      for (const { node, epochs, isStored, isReported } of runs) {
        const start = begin(nodes[node] ?? { epoch: 0, lineage: [] }, asked);
        expect(start.epoch).toBeGreaterThanOrEqual(epochOf(asked));
        const epoch = start.epoch + epochs;
        // Two nodes that train the same epoch don't write the same bytes.
        const digest = `${epoch} ${node}`;
        const isThere = isStored && epoch > 0;
        nodes[node] = { epoch, lineage: isThere ? grown(start.lineage, digest) : start.lineage };
        if (isThere && isReported) asked = digest;
      }
    }),
  );
});
