// The installer seen from outside: what it installs, repairs and refuses, and how it passes signals on.
import { existsSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finished, ScratchRepository } from './scratch-repository.ts';

let repository: ScratchRepository;
beforeEach(() => {
  repository = new ScratchRepository();
});
afterEach(() => repository.remove());

const npmCalls = () => repository.read('npm-calls').trim().split('\n').length;

// Above the kernel's largest process id, so never alive.
const deadProcess = 4_194_305;

describe('npm packages', () => {
  it('are installed once, and again when a manifest changes', async () => {
    expect(await repository.run('build')).toMatchObject({ code: 0 });
    expect(await repository.run('build')).toMatchObject({ code: 0, stderr: '' });
    expect(npmCalls()).toBe(1);

    repository.write('package-lock.json', '{}');
    await repository.run('build');
    expect(npmCalls()).toBe(2);
  });

  it('are removed first when an earlier installation was interrupted', async () => {
    repository.write('node_modules/half-extracted/package.json', '{}');
    expect(await repository.run('build')).toMatchObject({ code: 0 });
    expect(existsSync(join(repository.folder, 'node_modules/half-extracted'))).toBe(false);
  });

  it('are installed although the last installer died holding the lock', async () => {
    repository.write('.tools/locks/npm.lock', String(deadProcess));
    expect(await repository.run('build')).toMatchObject({ code: 0 });
  });

  it('are installed by one of two runs at the same time', async () => {
    const runs = await Promise.all([repository.run('build'), repository.run('build')]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(npmCalls()).toBe(1);
  });
});

describe('nats-server', () => {
  it.each(['2.12.15', '2.14.5'])('%s on PATH is used', async (version) => {
    repository.addNatsServer(version);
    expect((await repository.run('start')).stdout.trim()).toBe(join(repository.folder, 'bin/nats-server'));
  });

  it.each(['2.12.14', '2.13.9', '2.14.4'])('%s on PATH is too old, so that one is built', async (version) => {
    repository.addNatsServer(version);
    expect((await repository.run('start')).stdout.trim()).toBe(
      join(repository.folder, '.tools/bin/nats-server-2.14.9'),
    );
  });
});

describe("nats-server's official release", () => {
  let answered: (response: ServerResponse) => void;
  const server = createServer((_request, response) => answered(response));
  beforeEach(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    repository.releases = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const installed = (name: string) => join(repository.folder, '.tools/bin', name);

  it('is used when it is what was released, and fetched once', async () => {
    const archive = repository.releaseNatsServer('3.4.5');
    let requests = 0;
    answered = (response) => {
      requests += 1;
      response.end(archive);
    };
    expect((await repository.run('start')).stdout.trim()).toBe(installed('nats-server-3.4.5'));
    expect((await repository.run('start')).stdout.trim()).toBe(installed('nats-server-3.4.5'));
    expect(requests).toBe(1);
    expect(repository.read('.tools/bin/nats-server-3.4.5')).toBe('released');
  });

  it('is refused when it is something else, and one is built', async () => {
    answered = (response) => response.end(repository.releaseNatsServer('3.4.5').subarray(1));
    const { stdout, stderr } = await repository.run('start');
    expect(stdout.trim()).toBe(installed('nats-server-2.14.9'));
    expect(stderr).toContain('its SHA-256 is');
    expect(existsSync(installed('nats-server-3.4.5'))).toBe(false);
  });

  it('is not waited for when nobody answers', async () => {
    answered = () => undefined;
    const { stdout, stderr } = await repository.run('start');
    expect(stdout.trim()).toBe(installed('nats-server-2.14.9'));
    expect(stderr).toContain('no answer within 4 s');
  });
});

describe('what is missing', () => {
  it('is named together with what to do, and leaves a failing exit code', async () => {
    repository.addNatsServer('2.14.9');
    const { code, stderr } = await repository.run('demo');
    expect(code).toBe(1);
    expect(stderr).toContain('ERROR: python3 is not on PATH\n  -> install Python 3.10 or newer');
  });
});

describe('a request to stop', () => {
  it("reaches the program once, even when terminal and npm both pass it on, and the program's exit code comes back", async () => {
    repository.addNatsServer('2.14.9');
    repository.write(
      'deploy/dist/bundle/launcher.js',
      `let count = 0;
       process.on('SIGINT', () => { if (++count === 1) setTimeout(() => { console.log('signals: ' + count); process.exit(7); }, 300); });
       setInterval(() => {}, 1000);
       console.log('ready');`,
    );
    const child = repository.start('start');
    const end = finished(child);
    child.stdout?.once('data', () => {
      process.kill(-(child.pid ?? 0), 'SIGINT');
      child.kill('SIGINT');
    });
    expect(await end).toMatchObject({ code: 7, stdout: 'ready\nsignals: 1\n' });
  });
});
