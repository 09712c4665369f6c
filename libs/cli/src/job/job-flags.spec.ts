// Flags that carry more than one thing.
import { describe, expect, it } from 'vitest';
import { parseAfter, parseDataset, parsePairs, parseVersionedName } from './job-flags.ts';

describe('--dataset', () => {
  it.each([
    ['digits', { dataset: 'digits' }],
    ['digits@3', { dataset: 'digits', version: 3 }],
    ['digits@latest', { dataset: 'digits', version: 'latest' }],
    ['digits@3:data', { dataset: 'digits', version: 3, as: 'data' }],
    ['digits:data', { dataset: 'digits', as: 'data' }],
  ])('reads %s', (text, expected) => {
    expect(parseDataset(text)).toEqual(expected);
  });
  it.each(['', '@3', 'digits@', 'digits:', 'digits@3:', 'a@1@2', 'a:b:c', 'digits@0', 'digits@x', 'digits@1.5'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseDataset(text)).toThrow(/no dataset|no version/);
    },
  );
});

describe('NAME@VERSION', () => {
  it('means the newest version without one', () => {
    expect(parseVersionedName('digits')).toEqual({ ref: 'digits', version: 'latest' });
    expect(parseVersionedName('digits@7')).toEqual({ ref: 'digits', version: 7 });
  });
  it.each(['', '@1', 'a@', 'a@b', 'a@1@2'])('refuses "%s"', (text) => {
    expect(() => parseVersionedName(text)).toThrow(/names nothing|no version/);
  });
});

describe('NAME=VALUE', () => {
  it('keeps what follows the first equals sign, and the last of a name', () => {
    expect(parsePairs(['A=1', 'B=x=y', 'C=', 'A=2'], '--env')).toEqual({ A: '2', B: 'x=y', C: '' });
  });
  it('names the flag when there is no name', () => {
    expect(() => parsePairs(['=1'], '--env')).toThrow('--env =1');
    expect(() => parsePairs(['A'], '--label')).toThrow('--label A');
  });
});

describe('JOB:WHEN', () => {
  it('means its success without one', () => {
    expect(parseAfter('train')).toEqual({ job: 'train' });
    expect(parseAfter('train:failure')).toEqual({ job: 'train', when: 'failure' });
  });
  it.each(['', ':end', 'train:', 'train:started', 'a:end:end'])('refuses "%s"', (text) => {
    expect(() => parseAfter(text)).toThrow('success, failure, end');
  });
});
