// What a model version is, found out from the names of its files.
import { isWeightsFile, type Manifest, type ModelVersionKind } from '@baton/contracts';

/** Weights files alone are `weights`, none are `code`, both are `both`. */
export function kindOf(manifest: Manifest): ModelVersionKind {
  const weights = weightsOf(manifest).files.length;
  if (weights === 0) return 'code';
  return weights === manifest.files.length ? 'weights' : 'both';
}

/** All its weights files, whatever their format; serving takes the ONNX file out of them. */
export function weightsOf(manifest: Manifest): Manifest {
  return { files: manifest.files.filter(({ path }) => isWeightsFile(path)) };
}

/** Whether a version of this kind can be run (`code`) or served (`weights`). */
export function holds(kind: ModelVersionKind, what: 'code' | 'weights'): boolean {
  return kind === 'both' || kind === what;
}
