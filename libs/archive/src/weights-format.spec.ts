// Which files are weights: the name alone is not enough, and neither is the content.
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zip } from './testing/zip-builder.ts';
import { weightsFormat, WEIGHTS_HEAD_BYTES } from './weights-format.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const PICKLE = latin1('\x80\x04\x95\x1c\x00\x00\x00\x00\x00\x00\x00\x8c\x15sklearn');
const HDF5 = latin1('\x89HDF\r\n\x1a\n');
const LEGACY_TORCH = latin1('\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.');
const FRAMED_TORCH = latin1('\x80\x04\x95\r\x00\x00\x00\x00\x00\x00\x00\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.');
const TORCH = zip({ name: 'model/data.pkl', content: PICKLE });
const KERAS = zip({ name: 'metadata.json', content: Buffer.from('{}') });

function safetensors(header: string, claimed = header.length): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(claimed));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(64)]);
}
/** IR version 8, a producer, and a graph of the given length that is not all there. */
function onnx(graphBytes: number): Buffer {
  const length = [];
  for (let rest = graphBytes; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      length.push(rest);
      break;
    }
    length.push((rest % 128) + 128);
  }
  return Buffer.concat([latin1('\x08\x08\x12\x07pytorch'), Buffer.from([0x3a, ...length]), Buffer.alloc(100, 0xff)]);
}
const formatOf = (path: string, content: Uint8Array) =>
  weightsFormat({ path, head: content.subarray(0, WEIGHTS_HEAD_BYTES), sizeBytes: content.byteLength });

describe('a file is weights', () => {
  it.each([
    ['model.onnx', onnx(3_000_000_000), 'onnx'],
    ['out/MODEL.ONNX', onnx(100), 'onnx'],
    ['graph-first.onnx', Buffer.concat([latin1('\x3a\x02ab\x08\x09'), latin1('\x42\x02\x10\x11')]), 'onnx'],
    ['model.safetensors', safetensors('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'), 'safetensors'],
    ['model.pt', TORCH, 'pytorch'],
    ['model.pth', LEGACY_TORCH, 'pytorch'],
    ['model.pth', FRAMED_TORCH, 'pytorch'],
    ['model.keras', KERAS, 'keras'],
    ['model.keras', HDF5, 'keras'],
    ['best.weights.h5', HDF5, 'keras'],
    ['model.h5', Buffer.concat([HDF5, Buffer.alloc(500), latin1('keras_version')]), 'keras'],
    ['forest.joblib', PICKLE, 'joblib'],
    ['forest.joblib', deflateSync(PICKLE), 'joblib'],
    ['forest.joblib', gzipSync(PICKLE), 'joblib'],
  ])('%s', (path, content, format) => {
    expect(formatOf(path, content)).toBe(format);
  });
});

describe('a file is not', () => {
  it.each([
    ['weights of an unknown name', 'model.bin', TORCH],
    ['text that is named onnx', 'model.onnx', Buffer.from('weights\n')],
    ['a page of HTML', 'model.onnx', Buffer.from('<html><body>404</body></html>')],
    ['JSON', 'model.onnx', Buffer.from('{"loss": 0.1}')],
    ['an empty one', 'model.onnx', Buffer.alloc(0)],
    ['a zip that is named onnx', 'model.onnx', TORCH],
    ['fields of a model, neither version nor graph', 'model.onnx', latin1('\x12\x07pytorch')],
    ['a pickle of something else', 'model.pt', PICKLE],
    ['a safetensors whose header is longer than it', 'model.safetensors', safetensors('{}', 1_000)],
    ['a safetensors without a header', 'model.safetensors', safetensors('[]')],
    ['seven bytes', 'model.safetensors', Buffer.alloc(7)],
    ['HDF5 of another program', 'features.h5', Buffer.concat([HDF5, Buffer.alloc(2_000)])],
    ['a joblib of text', 'forest.joblib', Buffer.from('see you')],
  ])('%s', (_what, path, content) => {
    expect(formatOf(path, content)).toBeNull();
  });

  it('random bytes, which never throw', () => {
    const name = fc.constantFrom('a.onnx', 'a.pt', 'a.keras', 'a.joblib', 'a.safetensors', 'a.h5', 'a.txt');
    fc.assert(
      fc.property(name, fc.uint8Array({ maxLength: 64 }), fc.nat(), (path, head, sizeBytes) => {
        const format = weightsFormat({ path, head, sizeBytes });
        expect([null, 'onnx', 'pytorch', 'keras', 'joblib', 'safetensors']).toContain(format);
      }),
    );
  });
});
