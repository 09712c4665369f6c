// Shipping in pieces is the same as redacting the whole.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redactor } from '../domain/redaction.ts';
import { OutputShipper } from './output-shipper.ts';
import type { LogChunk } from './ports.ts';

const key = { jobId: 'job', attempt: 1 };
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Ships `content` in chunks of `chunkBytes` and gives what arrived. */
async function ship(content: Buffer, secrets: readonly string[], chunkBytes: number): Promise<LogChunk[]> {
  const chunks: LogChunk[] = [];
  const shipper = new OutputShipper({
    key,
    output: 'stdout',
    redactor: new Redactor(secrets),
    reporter: quiet,
    chunkBytes,
    files: {
      size: async () => content.length,
      read: async (_key, _output, offset, max) => Buffer.from(content.subarray(offset, offset + max)),
    },
    progress: {
      loadShipped: async () => 0,
      saveShipped: async () => undefined,
      loadMetrics: async () => null,
      saveMetrics: async () => undefined,
    },
    sinks: {
      publishLog: async (_key, chunk) => void chunks.push(chunk),
      publishMetrics: async () => undefined,
    },
  });
  shipper.end();
  await shipper.run();
  return chunks;
}

describe('shipped output', () => {
  it('has no hole, no repeat, and is the redacted file, however it is cut', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 60 });
    const secret = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 4, maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(secret, { maxLength: 3 }),
        fc.integer({ min: 8, max: 30 }),
        async (before, secrets, piece) => {
          const content = Buffer.from(before + secrets.join(''));
          const chunks = await ship(content, secrets, piece);
          let offset = 0;
          for (const chunk of chunks) {
            expect(chunk.offset).toBe(offset);
            offset += chunk.bytes.length;
          }
          const whole = Buffer.concat(chunks.map((chunk) => chunk.bytes)).toString();
          const redacted = new Redactor(secrets).redact(content).toString();
          expect(whole).toBe(redacted);
        },
      ),
    );
  });
});
