// `baton endpoint call`: one inference request.
import type { InferenceResponse, Tensor } from '@baton/sdk';
import { usage } from '../../failure.ts';
import { parsePairs } from '../../job/job-flags.ts';
import { readTextFile } from '../../yaml-file.ts';
import { printJson, print } from '../../output/print.ts';
import { connect } from '../../session.ts';
import { readStandardInput } from '../../standard-input.ts';
import { collect, verb } from '../../verb.ts';
import { tensorOf, tensorText } from './tensor.ts';

interface Options {
  readonly input?: string[];
  readonly request?: string;
  readonly json?: boolean;
}

export const callEndpoint = () =>
  verb('call <name>', 'send one inference request (Open Inference Protocol v2)')
    .option('--input <name=json>', 'a tensor as JSON, or @FILE; may be given many times', collect)
    .option('--request <file>', 'a whole request as JSON, - for standard input')
    .addHelpText(
      'after',
      "\nShape and type of --input are taken from the data and from what the model says.\n\nExample:\n  baton endpoint call digits --input 'pixels=[[0, 0, 5, 13]]'",
    )
    .action(run);

async function run(name: string, options: Options): Promise<void> {
  const { input, request } = options;
  if ((input === undefined) === (request === undefined))
    throw usage('Give --input for each tensor, or a whole --request.');
  const [{ client, token }, sdk] = [await connect(), await import('@baton/sdk')];
  const { url } = await client.endpoints.get(name);
  const http = new sdk.Http({ url: url.replace(/\/v2\/.*$/, ''), token, retryForMs: 3_000 });
  const model = `/v2/models/${encodeURIComponent(name)}`;
  const body =
    request === undefined
      ? { inputs: await tensors(input ?? [], () => http.json('GET', model)) }
      : parseJson(request === '-' ? await readStandardInput() : await readTextFile(request), 'The request');
  const answer = await http.json<InferenceResponse>('POST', `${model}/infer`, { body });
  if (options.json) return printJson(answer);
  for (const output of answer.outputs) print(tensorText(output));
}

async function tensors(
  inputs: readonly string[],
  metadata: () => Promise<{ inputs: Omit<Tensor, 'data'>[] }>,
): Promise<Tensor[]> {
  const expected = (await metadata()).inputs;
  const pairs = Object.entries(parsePairs(inputs, '--input'));
  return Promise.all(
    pairs.map(async ([name, text]) => {
      const known = expected.find((tensor) => tensor.name === name);
      if (!known)
        throw usage(`The model has no input ${name}. It takes ${expected.map((tensor) => tensor.name).join(', ')}.`);
      const json = text.startsWith('@') ? await readTextFile(text.slice(1)) : text;
      return tensorOf(known, parseJson(json, `--input ${name}`));
    }),
  );
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usage(`${what} is no JSON: ${(error as Error).message}`);
  }
}
