// A wire form of inference requests and responses. JSON is one; the binary tensor extension will be another.
import type { Signature, Tensor } from '../../app/tensor.ts';

export interface DecodedRequest {
  readonly id: string | undefined;
  /** In the order of the signature. */
  readonly inputs: readonly Tensor[];
  /** Which outputs are wanted, as indices into the signature's; all if absent. */
  readonly outputs: readonly number[] | undefined;
}

export interface InferenceResponse {
  readonly model: string;
  readonly version: string;
  readonly id: string | undefined;
  readonly outputs: readonly { readonly name: string; readonly tensor: Tensor }[];
}

export interface Encoded {
  readonly body: Buffer | string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TensorCodec {
  /** Throws `invalid_input` that names what is wrong. */
  decode(body: Buffer, signature: Signature): DecodedRequest;
  encode(response: InferenceResponse): Encoded;
}
