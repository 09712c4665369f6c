// `baton.finish()`, in a real interpreter: a short end that loses nothing.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const PYTHON = process.env['BATON_PYTHON'] ?? 'python3';
const MODULES = fileURLToPath(new URL('../assets/python', import.meta.url));
const log = join(tmpdir(), `baton-finish-${process.pid}.txt`);
afterEach(() => rmSync(log, { force: true }));

function run(script: string) {
  const env = { PATH: process.env['PATH'], PYTHONPATH: MODULES, LOG: log };
  return spawnSync(PYTHON, ['-c', script], { env, encoding: 'utf8', timeout: 30_000 });
}

describe('baton.finish()', () => {
  it('ends with the status, everything that was printed, and nothing after it', () => {
    const script = `
import baton, sys
sys.stdout.write('x' * 100_000)
sys.stderr.write('last words')
baton.finish(3)
print('never')`;
    expect(run(script)).toMatchObject({ status: 3, stdout: 'x'.repeat(100_000), stderr: 'last words' });
  });

  it('waits for threads, and then runs what was registered for the exit', () => {
    const script = `
import atexit, baton, os, threading, time
def note(text):
    with open(os.environ['LOG'], 'a') as file:
        file.write(text)
atexit.register(note, 'exit')
threading.Thread(target=lambda: (time.sleep(0.2), note('thread '))).start()
baton.finish()`;
    expect(run(script)).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(log, 'utf8')).toBe('thread exit');
  });

  it('does not take the objects of the program down one by one', () => {
    const script = `
import baton
class Slow:
    def __del__(self): print('taken down')
slow = Slow()
baton.finish()`;
    expect(run(script)).toMatchObject({ status: 0, stdout: '' });
  });
});
