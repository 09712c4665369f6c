// Shipping in pieces is the same as redacting the whole, whatever the stream does meanwhile.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Redactor } from '../domain/redaction.ts';
import { ChunkBuffers } from './chunk-buffers.ts';
import { OutputShipper } from './output-shipper.ts';
import type { LogChunk, OutputFiles, Sinks } from './ports.ts';

const key = { jobId: 'job', attempt: 1 };
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface Shipment {
  readonly content: Buffer;
  readonly secrets: readonly string[];
  readonly chunkBytes: number;
  readonly publishLog: Sinks['publishLog'];
}

async function ship({ content, secrets, chunkBytes, publishLog }: Shipment): Promise<void> {
  const shipper = new OutputShipper({
    key,
    output: 'stdout',
    redactor: new Redactor(secrets),
    reporter: quiet,
    buffers: new ChunkBuffers(chunkBytes, 3),
    files: filesOf(content),
    progress: {
      loadShipped: async () => 0,
      saveShipped: async () => undefined,
      loadMetrics: async () => null,
      saveMetrics: async () => undefined,
    },
    sinks: { publishLog, publishMetrics: async () => undefined },
  });
  shipper.end();
  await shipper.run();
}

function filesOf(content: Buffer): OutputFiles {
  return {
    size: async () => content.length,
    read: async (_key, _output, offset, max) => Buffer.from(content.subarray(offset, offset + max)),
    readInto: async (_key, _output, offset, buffer) => buffer.subarray(0, content.copy(buffer, 0, offset)),
  };
}

/** As readers of the stream do: what continues is taken, what was seen left out, what came too early passed over. */
function read(stream: readonly LogChunk[]): Buffer {
  return stream.reduce((whole, { offset, bytes }) => {
    const isNews = offset <= whole.length && offset + bytes.length > whole.length;
    return isNews ? Buffer.concat([whole, bytes.subarray(whole.length - offset)]) : whole;
  }, Buffer.alloc(0));
}

const copyOf = (chunk: LogChunk): LogChunk => ({ ...chunk, bytes: Buffer.from(chunk.bytes) });

// The waits before a retry pass at once.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.setTimerTickMode('nextTimerAsync');
});
afterAll(() => void vi.useRealTimers());

describe('shipped output', () => {
  it('has no hole, no repeat, and is the redacted file, however it is cut', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 60 });
    const secret = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 4, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(secret, { maxLength: 3 }),
        fc.integer({ min: 16, max: 40 }),
        async (before, secrets, chunkBytes) => {
          const content = Buffer.from(before + secrets.join(''));
          const stored: LogChunk[] = [];
          await ship({
            content,
            secrets,
            chunkBytes,
            publishLog: async (_key, chunk) => void stored.push(copyOf(chunk)),
          });
          let offset = 0;
          for (const chunk of stored) {
            expect(chunk.offset).toBe(offset);
            offset += chunk.bytes.length;
          }
          expect(read(stored).toString()).toBe(new Redactor(secrets).redact(content).toString());
        },
      ),
    );
  });

  it('is whole for a reader though chunks are refused, acknowledged late, stored without acknowledgement, or stored long after', async () => {
    const fate = fc.constantFrom('stored', 'stored', 'refused', 'unacknowledged', 'late' as const);
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { minLength: 1, maxLength: 12 }), fc.nat(3), async (fates, turns) => {
        const content = Buffer.from(Array.from({ length: 200 }, (_, index) => index % 251));
        const stored: LogChunk[] = [];
        const late: LogChunk[] = [];
        let count = 0;
        const publishLog = async (_key: unknown, chunk: LogChunk): Promise<void> => {
          const what = fates[count] ?? 'stored';
          count += 1;
          if (what === 'late') late.push(copyOf(chunk));
          else if (what !== 'refused') stored.push(copyOf(chunk));
          if (what === 'stored' && late.length > 0 && count % 3 === 0) stored.push(...late.splice(0));
          for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          if (what !== 'stored') throw new Error(what);
        };
        await ship({ content, secrets: [], chunkBytes: 16, publishLog });
        expect(read([...stored, ...late])).toEqual(content);
        // From whichever chunk a reader begins, the first of all begins at the first byte.
        expect(stored[0]?.offset ?? 0).toBe(0);
      }),
    );
  });
});
