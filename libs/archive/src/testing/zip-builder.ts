// Writes zip archives for tests, honest ones and others.
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipMember {
  readonly name: string;
  readonly content?: Uint8Array;
  readonly deflate?: boolean;
  /** Mode of Unix with its type bits. */
  readonly mode?: number;
  /** What the headers say instead of the truth. */
  readonly claimedSize?: number;
  readonly claimedCrc?: number;
  readonly method?: number;
  readonly flags?: number;
}

const UNIX = 3 << 8;
const UTF8 = 0x800;

export function zip(...members: ZipMember[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const { header, data, name } = encode(member);
    const local = Buffer.concat([number(0x04034b50, 4), header, number(0, 2), name, data]);
    const attributes = ((member.mode ?? 0o100644) << 16) >>> 0;
    central.push(
      Buffer.concat([
        number(0x02014b50, 4),
        number(UNIX | 20, 2),
        header,
        number(0, 8),
        number(attributes, 4),
        number(offset, 4),
        name,
      ]),
    );
    locals.push(local);
    offset += local.length;
  }
  const table = Buffer.concat(central);
  const count = number(members.length, 2);
  const end = [
    number(0x06054b50, 4),
    number(0, 4),
    count,
    count,
    number(table.length, 4),
    number(offset, 4),
    number(0, 2),
  ];
  return Buffer.concat([...locals, table, ...end]);
}

function encode(member: ZipMember): { header: Buffer; data: Buffer; name: Buffer } {
  const content = member.content ?? Buffer.alloc(0);
  const data = member.deflate === true ? deflateRawSync(content) : Buffer.from(content);
  const name = Buffer.from(member.name);
  const header = Buffer.concat([
    number(20, 2),
    number(UTF8 | (member.flags ?? 0), 2),
    number(member.method ?? (member.deflate === true ? 8 : 0), 2),
    number(0, 4),
    number(member.claimedCrc ?? crc32(content), 4),
    number(data.length, 4),
    number(member.claimedSize ?? content.length, 4),
    number(name.length, 2),
  ]);
  return { header, data, name };
}

function number(value: number, bytes: number): Buffer {
  const out = Buffer.alloc(bytes);
  out.writeUIntLE(value, 0, Math.min(bytes, 6));
  return out;
}
