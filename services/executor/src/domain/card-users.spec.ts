// What nvidia-smi says of processes on cards, and what it says instead.
import { expect, it } from 'vitest';
import { parseCardUsers } from './card-users.ts';

it('names each process with its card', () => {
  const text = '4242, GPU-1d37a2c4-0b9f-4c9e-9a5e-5f2d3c7b8a10\n17, MIG-4a6ad5f7-3ec2-5fc1-8d81-8c5a6fae0d43\n';
  expect(parseCardUsers(text)).toEqual([
    { pid: 4242, card: 'GPU-1d37a2c4-0b9f-4c9e-9a5e-5f2d3c7b8a10' },
    { pid: 17, card: 'MIG-4a6ad5f7-3ec2-5fc1-8d81-8c5a6fae0d43' },
  ]);
});

it.each(['', 'No running processes found\n', '[N/A], GPU-1\n', 'pid, gpu_uuid\n', 'NVIDIA-SMI has failed\n'])(
  'takes no process out of %j',
  (text) => expect(parseCardUsers(text)).toEqual([]),
);
