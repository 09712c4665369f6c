// What a server sends is cut as it should be, however the network has cut it.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Frame, FrameReader } from './frames.ts';

interface Sent {
  readonly subject: string;
  readonly sid: number;
  readonly reply: string;
  /** None where this is empty. */
  readonly headers: string;
  readonly content: Buffer;
}

const subject = fc.stringMatching(/^[A-Za-z$_.0-9]{1,40}$/);
const message: fc.Arbitrary<Sent> = fc.record({
  subject,
  sid: fc.integer({ min: 1, max: 99 }),
  reply: fc.oneof(fc.constant(''), subject),
  headers: fc.oneof(fc.constant(''), fc.stringMatching(/^NATS\/1\.0[ -~\r\n]{0,60}$/)),
  // Of any bytes, so that a content may look as the beginning of another message does.
  content: fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom('\r\nMSG a 1 2\r\nxx\r\n', '\r\n', '').map((text) => Buffer.from(text)),
  ),
});
const line = fc.constantFrom('PING', 'PONG', '+OK', 'INFO {"max_payload":1}', "-ERR 'Permissions Violation'");

function written(part: Sent | string): Buffer {
  if (typeof part === 'string') return Buffer.from(`${part}\r\n`);
  const { content, headers, reply, sid } = part;
  const size = headers.length + content.length;
  const sizes = headers === '' ? `${size}` : `${headers.length} ${size}`;
  const words = [headers === '' ? 'MSG' : 'HMSG', part.subject, `${sid}`, reply, sizes].filter(Boolean);
  return Buffer.concat([Buffer.from(`${words.join(' ')}\r\n${headers}`), content, Buffer.from('\r\n')]);
}

function read({ buffer, sid, ...at }: Frame): Sent {
  const text = (from: number, to: number) => buffer.toString('latin1', from, to);
  return {
    subject: text(at.subjectFrom, at.subjectTo),
    sid,
    reply: text(at.replyFrom, at.replyTo),
    headers: text(at.headersFrom, at.contentFrom),
    content: Buffer.from(buffer.subarray(at.contentFrom, at.contentTo)),
  };
}

function reader() {
  const got: (Sent | string)[] = [];
  const frames = new FrameReader({ message: (frame) => got.push(read(frame)), line: (text) => got.push(text) });
  return { got, frames };
}

it('gives what was sent, in order, whatever the pieces that it comes in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 4, arbitrary: message }, line), { maxLength: 12 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      (parts, sizes) => {
        const all = Buffer.concat(parts.map(written));
        const { got, frames } = reader();
        for (let at = 0; at < all.length;) {
          const size = sizes.next().value;
          frames.push(Buffer.from(all.subarray(at, at + size)));
          at += size;
        }
        expect(got).toEqual(parts);
      },
    ),
  );
});

it('gives all that is whole in one piece', () => {
  const { got, frames } = reader();
  const sent = { subject: 'evt.job.one', sid: 2, reply: '$JS.ACK.x', headers: '', content: Buffer.alloc(300_000, 1) };
  frames.push(Buffer.concat([written('PING'), written(sent), written(sent), Buffer.from('PI')]));
  expect(got).toEqual(['PING', sent, sent]);
  frames.push(Buffer.from('NG\r\n'));
  expect(got).toHaveLength(4);
});

it.each(['MSG a\r\n', 'MSG a 1 x\r\n', 'HMSG a 1 9 3\r\nabc\r\n', 'MSG a b c d e f 1\r\n'])('refuses %j', (text) => {
  expect(() => reader().frames.push(Buffer.from(text))).toThrow(/server sends/);
});
