// A YAML or JSON file that holds one object, as a user has written it.
import { readFile } from 'node:fs/promises';
import { usage } from './failure.ts';
import { readStandardInput } from './standard-input.ts';

/** `-` is standard input. `instead` says what to write where the file holds no object. */
export async function readYamlFile(path: string, instead: string): Promise<object> {
  const text = path === '-' ? await readStandardInput() : await readTextFile(path);
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  const fault = document.errors[0];
  if (fault) throw usage(`${path} is no valid YAML: ${fault.message}`);
  const value: unknown = document.toJS();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw usage(`${path} holds ${instead}`);
  return value;
}

export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw usage(`${path} can't be read: ${(error as Error).message}`);
  }
}
