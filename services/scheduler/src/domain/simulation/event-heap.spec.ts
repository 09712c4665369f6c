// The heap gives what was put in by time, and at the same time in the order in which it came.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventHeap } from './event-heap.ts';

it('gives its entries by time, and those of the same time in the order in which they came', () => {
  const entry = fc.integer({ min: 0, max: 20 });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 100 }), fc.array(entry, { maxLength: 100 }), (first, second) => {
      const heap = new EventHeap<{ at: number; order: number }>();
      const events = [...first, ...second].map((at, order) => ({ at, order }));
      for (const event of events.slice(0, first.length)) heap.push(event.at, event);
      const early = drained(heap, 10);
      for (const event of events.slice(first.length)) heap.push(event.at, event);
      const byTime = (all: typeof events) => all.toSorted((a, b) => a.at - b.at || a.order - b.order);
      const head = events.slice(0, first.length);
      expect(early).toEqual(byTime(head.filter(({ at }) => at <= 10)));
      expect(drained(heap, Infinity)).toEqual(
        byTime([...head.filter(({ at }) => at > 10), ...events.slice(first.length)]),
      );
      expect(heap.nextAt).toBe(Infinity);
    }),
  );
});

function drained<T>(heap: EventHeap<T>, until: number): T[] {
  const found: T[] = [];
  for (let event = heap.popUntil(until); event; event = heap.popUntil(until)) found.push(event);
  return found;
}
