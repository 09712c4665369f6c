// Folders' names as models' names.
import { expect, it } from 'vitest';
import { modelNameOf } from './snapshot-code.ts';

it.each([
  ['./digits', 'digits'],
  ['/home/me/My project (2)/', 'My-project-2-'],
  ['.hidden', 'hidden'],
  [`/${'x'.repeat(80)}`, 'x'.repeat(63)],
])('names the model of %s %s', (folder, name) => {
  expect(modelNameOf(folder)).toBe(name);
});
it('asks for a name where the folder has none that a model can have', () => {
  expect(() => modelNameOf('/')).toThrow('--model');
  expect(() => modelNameOf('/숫자')).toThrow('--model');
});
