// POST .../infer: decode, run, encode.
import { PlatformError } from '@baton/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServedModel } from '../../app/served-model.ts';
import type { TensorCodec } from './codec.ts';
import { jsonCodec } from './json-tensors.ts';

const BINARY_HEADER = 'inference-header-content-length';

/** Takes no turn of the event loop before the request is in the model's queue. */
export async function infer(
  name: string,
  model: ServedModel,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<FastifyReply> {
  const codec = codecFor(request);
  const { signature, version } = model;
  const decoded = codec.decode(bodyOf(request), signature);
  const tensors = await model.infer(decoded);
  const wanted = decoded.outputs ?? signature.outputs.keys();
  const outputs = [...wanted].flatMap((index) => {
    const [spec, tensor] = [signature.outputs[index], tensors[index]];
    return spec && tensor ? [{ name: spec.name, tensor }] : [];
  });
  const { body, headers } = codec.encode({ model: name, version, id: decoded.id, outputs });
  return reply.headers(headers).send(body);
}

/** The binary tensor extension's codec will be chosen here, by its header. */
function codecFor(request: FastifyRequest): TensorCodec {
  if (request.headers[BINARY_HEADER] !== undefined) {
    throw new PlatformError(
      'invalid_input',
      'Binary tensors are not supported yet: send JSON (in tritonclient, binary_data=False for inputs and outputs).',
    );
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new PlatformError(
      'invalid_input',
      `Content-Encoding ${encoding} is not supported: send the request uncompressed.`,
    );
  return jsonCodec;
}

function bodyOf(request: FastifyRequest): Buffer {
  if (Buffer.isBuffer(request.body)) return request.body;
  throw new PlatformError('invalid_input', 'The request has no body.');
}
