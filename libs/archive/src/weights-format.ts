// What a weights file is: its name must ask for it, and the beginning of its content must bear it out.
export type WeightsFormat = 'onnx' | 'safetensors' | 'pytorch' | 'keras' | 'joblib';

/** How much of the content `weightsFormat` wants to see. */
export const WEIGHTS_HEAD_BYTES = 16 * 1024;

export interface WeightsCandidate {
  readonly path: string;
  /** The first `WEIGHTS_HEAD_BYTES`, or all of it. */
  readonly head: Uint8Array;
  readonly sizeBytes: number;
}

interface Rule {
  readonly name: RegExp;
  readonly format: WeightsFormat;
  readonly bears: (candidate: WeightsCandidate) => boolean;
}

const RULES: readonly Rule[] = [
  { name: /\.onnx$/i, format: 'onnx', bears: ({ head }) => isOnnx(head) },
  { name: /\.safetensors$/i, format: 'safetensors', bears: isSafetensors },
  { name: /\.(pt|pth)$/i, format: 'pytorch', bears: ({ head }) => isZip(head) || isLegacyTorch(head) },
  { name: /\.keras$/i, format: 'keras', bears: ({ head }) => isZip(head) || isHdf5(head) },
  { name: /\.weights\.h5$/i, format: 'keras', bears: ({ head }) => isHdf5(head) },
  // Any program writes HDF5: Keras leaves its name in the attributes of the root.
  { name: /\.(h5|hdf5)$/i, format: 'keras', bears: ({ head }) => isHdf5(head) && latin1(head).includes('keras') },
  { name: /\.joblib$/i, format: 'joblib', bears: ({ head }) => isJoblib(head) },
];

/** Whether the name is that of a weights file, so that a look into its content is worth it. */
export function mayBeWeights(path: string): boolean {
  return RULES.some(({ name }) => name.test(path));
}

/** Null: no weights, whatever its name says. */
export function weightsFormat(candidate: WeightsCandidate): WeightsFormat | null {
  const rule = RULES.find(({ name }) => name.test(candidate.path));
  return rule?.bears(candidate) === true ? rule.format : null;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function startsWith(head: Uint8Array, ...magic: readonly number[]): boolean {
  return magic.every((byte, index) => head[index] === byte);
}

function isZip(head: Uint8Array): boolean {
  return startsWith(head, 0x50, 0x4b, 0x03, 0x04);
}

function isHdf5(head: Uint8Array): boolean {
  return startsWith(head, 0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
}

const PICKLE = 0x80;
const NEWEST_PICKLE = 5;
/** 0x1950a86a20f9469cfc6c as a pickled long: what `torch.save` began with before it wrote zip files. */
const TORCH_MAGIC = '\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19';

function isPickle(head: Uint8Array): boolean {
  const version = head[1] ?? 0;
  return head[0] === PICKLE && version >= 2 && version <= NEWEST_PICKLE;
}

function isLegacyTorch(head: Uint8Array): boolean {
  return isPickle(head) && latin1(head.subarray(0, 32)).includes(TORCH_MAGIC);
}

/** A pickle, as it is or in one of the compressions that joblib offers: zlib, gzip, bzip2, lzma, xz, lz4. */
function isJoblib(head: Uint8Array): boolean {
  return (
    isPickle(head) ||
    (head[0] === 0x78 && ((0x78 << 8) | (head[1] ?? 0)) % 31 === 0) ||
    startsWith(head, 0x1f, 0x8b) ||
    startsWith(head, 0x42, 0x5a, 0x68) ||
    startsWith(head, 0x5d, 0x00, 0x00) ||
    startsWith(head, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00) ||
    startsWith(head, 0x04, 0x22, 0x4d, 0x18)
  );
}

/** As the format's own limit. */
const MAX_SAFETENSORS_HEADER = 100_000_000;

/** The length of a JSON object, eight bytes little-endian, and then that object. */
function isSafetensors({ head, sizeBytes }: WeightsCandidate): boolean {
  if (head.byteLength < 9) return false;
  const length = Buffer.from(head.buffer, head.byteOffset, 8).readBigUInt64LE();
  const fits = length >= 2n && length <= BigInt(Math.min(MAX_SAFETENSORS_HEADER, sizeBytes - 8));
  return fits && head[8] === 0x7b;
}

const VARINT = 0;
const LENGTH = 2;
/** The fields of ONNX's `ModelProto`, by number, with the wire types that they have. */
const ONNX_FIELDS: ReadonlyMap<number, number> = new Map([
  ...[1, 5].map((field) => [field, VARINT] as const),
  ...[2, 3, 4, 6, 7, 8, 14, 20, 25, 26].map((field) => [field, LENGTH] as const),
]);
const IR_VERSION = 1;
const GRAPH = 7;

/** There is no magic number: the fields at the beginning must be those of a model, one of them the version or the graph. */
function isOnnx(head: Uint8Array): boolean {
  let at = 0;
  let known = false;
  while (at < head.byteLength) {
    const tag = varint(head, at);
    if (tag === null) return known;
    const field = Math.floor(tag.value / 8);
    if (ONNX_FIELDS.get(field) !== tag.value % 8) return false;
    const value = varint(head, tag.end);
    if (value === null) return known;
    if (field === IR_VERSION || field === GRAPH) known = true;
    at = tag.value % 8 === VARINT ? value.end : value.end + value.value;
  }
  return known;
}

const MAX_VARINT_BYTES = 10;

/** Null if the bytes end, or it is none. */
function varint(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
    const byte = bytes[start + index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: start + index + 1 };
  }
  return null;
}
