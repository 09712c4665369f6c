// The model aggregate: which command causes which events.
import type { Lineage, ModelEvent, ModelVersionKind, Principal } from '@baton/contracts';
import { given } from '@baton/decider';
import { describe, expect, it } from 'vitest';
import { modelDecider } from './model.commands.ts';
import { kindOf, weightsAmong } from './version-kind.ts';

const OWNER = `usr_${'a'.repeat(26)}`;
const principal: Principal = { kind: 'user', userId: OWNER, role: 'user', groups: [], credentialId: 'tok' };
const stranger: Principal = { ...principal, userId: `usr_${'b'.repeat(26)}` };
const lineage: Lineage = { jobId: `job_${'a'.repeat(26)}`, attempt: 1, datasets: [], metrics: { accuracy: 0.9 } };
const manifestOf = (digit: string) => ({ digest: digit.repeat(64), fileCount: 1, sizeBytes: 3 });
const content = (digit: string, kind: ModelVersionKind = 'code') => ({
  kind,
  trained: kind !== 'code',
  manifest: manifestOf(digit),
  uploads: [],
});
const created: ModelEvent = {
  type: 'ModelCreated',
  v: 1,
  data: { name: 'digits', description: '', tags: [], ownerId: OWNER, groupId: null, visibility: 'private' },
};
const version = (number: number, digit: string, kind: ModelVersionKind = 'code'): ModelEvent => ({
  type: 'ModelVersionAdded',
  v: 1,
  data: { version: number, ...content(digit, kind), lineage: null },
});
const fromJob = (number: number, digit: string): ModelEvent => ({
  type: 'ModelVersionAdded',
  v: 1,
  data: { version: number, ...content(digit, 'weights'), lineage },
});

describe('a model', () => {
  it('is created once, numbers its versions, and is deleted by its owner alone', () => {
    given(modelDecider)
      .when({ type: 'CreateModel', principal, wanted: { name: 'digits' } })
      .then(created);
    given(modelDecider, created)
      .when({ type: 'CreateModel', principal, wanted: { name: 'digits' } })
      .thenRefuses('conflict');
    given(modelDecider, created, version(1, '1'))
      .when({ type: 'AddModelVersion', principal, content: content('2') })
      .then(version(2, '2'));
    given(modelDecider, created).when({ type: 'DeleteModel', principal: stranger }).thenRefuses('not_found');
    given(modelDecider, created)
      .when({ type: 'DeleteModel', principal })
      .then({ type: 'ModelDeleted', v: 1, data: {} });
  });

  it('takes unchanged code for the version that it is, also with the weights of jobs in between', () => {
    const history = [created, version(1, '1'), fromJob(2, '8'), fromJob(3, '9')];
    given(modelDecider, ...history)
      .when({ type: 'AddModelVersion', principal, content: content('1') })
      .then();
    given(modelDecider, ...history)
      .when({ type: 'AddModelVersion', principal, content: content('9', 'weights') })
      .then();
    given(modelDecider, ...history)
      .when({ type: 'AddModelVersion', principal, content: content('8', 'weights') })
      .then(version(4, '8', 'weights'));
  });

  it('makes a version of equal files that are said to be something else', () => {
    const untrained = { ...content('1', 'weights'), trained: false };
    given(modelDecider, created, version(1, '1', 'weights'))
      .when({ type: 'AddModelVersion', principal, content: untrained })
      .then({ type: 'ModelVersionAdded', v: 1, data: { version: 2, ...untrained, lineage: null } });
    given(modelDecider, created, version(1, '1', 'both'))
      .when({ type: 'AddModelVersion', principal, content: content('1') })
      .then(version(2, '1'));
  });

  it('registers equal weights of two jobs as two versions, each with its lineage', () => {
    given(modelDecider, created, fromJob(1, '9'))
      .when({ type: 'RegisterWeights', principal, manifest: manifestOf('9'), lineage })
      .then(fromJob(2, '9'));
    given(modelDecider, created)
      .when({ type: 'RegisterWeights', principal: stranger, manifest: manifestOf('9'), lineage })
      .thenRefuses('not_found');
  });
});

describe('the kind of a version', () => {
  const kind = (...paths: string[]) =>
    kindOf({ files: paths.map((path) => ({ path, digest: '0'.repeat(64), sizeBytes: 1 })) });

  it('is found out from the names of the files', () => {
    expect(kind('train.py', 'requirements.txt')).toBe('code');
    expect(kind('model.onnx', 'best.PT')).toBe('weights');
    expect(kind('train.py', 'out/model.safetensors')).toBe('both');
  });
});

it('takes of artifacts the weights that were recognised, and what they are nothing without', () => {
  const recognised = ['out/model.onnx', 'parts/model-00001-of-00002.safetensors'];
  const companions = ['out/model.onnx.data', 'out/model.onnx_data', 'parts/model.safetensors.index.json'];
  const others = ['log.txt', 'other.onnx', 'other.onnx.data', 'out/model.safetensors.index.json', 'out/model.onnx.txt'];
  const file = (path: string) => ({ path, digest: '0'.repeat(64), sizeBytes: 1 });
  const all = { files: [...recognised, ...companions, ...others].map(file) };
  const { files } = weightsAmong(all, new Set(recognised));
  expect(files.map(({ path }) => path).toSorted()).toEqual([...recognised, ...companions].toSorted());
  expect(weightsAmong(all, new Set()).files).toEqual([]);
});
