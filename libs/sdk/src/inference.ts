// A client of the Open Inference Protocol v2, for JSON tensors.
import { Http } from './http.ts';

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  /** Row-major, flat or nested. */
  readonly data: readonly unknown[];
}
export interface InferenceResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly outputs: Tensor[];
}
export interface ModelMetadata {
  readonly name: string;
  readonly versions: string[];
  readonly inputs: { name: string; datatype: string; shape: number[] }[];
  readonly outputs: { name: string; datatype: string; shape: number[] }[];
}

export class InferenceClient {
  readonly #http: Http;

  /** `url` is the serving address, as `EndpointView.url` begins. */
  constructor(options: { readonly url: string; readonly token?: string }) {
    this.#http = new Http(options);
  }

  metadata = (endpoint: string) => this.#http.json<ModelMetadata>('GET', `/v2/models/${encodeURIComponent(endpoint)}`);
  infer = (endpoint: string, inputs: readonly Tensor[]) =>
    this.#http.json<InferenceResponse>('POST', `/v2/models/${encodeURIComponent(endpoint)}/infer`, {
      body: { inputs },
    });
}
