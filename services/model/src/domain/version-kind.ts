// What a model version is, found out from the names of its files; and which files of a job's artifacts become one.
import { isWeightsFile, type Manifest, type ModelVersionKind } from '@baton/contracts';

/** Weights files alone are `weights`, none are `code`, both are `both`. */
export function kindOf(manifest: Manifest): ModelVersionKind {
  const weights = manifest.files.filter(({ path }) => isWeightsFile(path)).length;
  if (weights === 0) return 'code';
  return weights === manifest.files.length ? 'weights' : 'both';
}

/** What ONNX keeps beside a graph of more than 2 GB. */
const EXTERNAL_DATA = /^(.+\.onnx)[._]data$/i;
/** Which part holds which tensor. */
const INDEX_OF_PARTS = /\.safetensors\.index\.json$/i;

/**
 * All weights, whatever their format (serving takes the ONNX file out of them), with what they are nothing without.
 * `recognised` are the paths of the files whose content is that of weights.
 */
export function weightsAmong(manifest: Manifest, recognised: ReadonlySet<string>): Manifest {
  const folders = new Set([...recognised].filter((path) => /\.safetensors$/i.test(path)).map(folderOf));
  const belongs = (path: string): boolean =>
    recognised.has(path) ||
    recognised.has(EXTERNAL_DATA.exec(path)?.[1] ?? '') ||
    (INDEX_OF_PARTS.test(path) && folders.has(folderOf(path)));
  return { files: manifest.files.filter(({ path }) => belongs(path)) };
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** Whether a version of this kind can be run (`code`) or served (`weights`). */
export function holds(kind: ModelVersionKind, what: 'code' | 'weights'): boolean {
  return kind === 'both' || kind === what;
}
