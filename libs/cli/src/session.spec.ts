// Where tokens are kept, and to whom they go.
import { mkdtemp, readFile, rm, stat, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configPath, loadConfig, normalUrl, saveConfig, tokenOf, urlOf } from './session.ts';

const config = { url: 'http://one:8080', logins: { 'http://one:8080': { token: 'first', email: 'a@b' } } };
let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-config-'));
  env = { XDG_CONFIG_HOME: folder };
});
afterEach(() => rm(folder, { recursive: true }));

describe('the configuration', () => {
  it('is read back as it was written, by its owner alone', async () => {
    await saveConfig(config, env);
    expect(await loadConfig(env)).toEqual(config);
    expect((await stat(configPath(env))).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(configPath(env)))).mode & 0o777).toBe(0o700);
  });
  it('closes a file that others could read', async () => {
    await mkdir(dirname(configPath(env)), { recursive: true });
    await writeFile(configPath(env), '{"logins":{}}', { mode: 0o644 });
    await saveConfig(config, env);
    expect((await stat(configPath(env))).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(configPath(env), 'utf8'))).toEqual(config);
  });
  it('is empty before the first log-in', async () => {
    expect(await loadConfig(env)).toEqual({ logins: {} });
  });
  it('says what to do when it is broken', async () => {
    await mkdir(dirname(configPath(env)), { recursive: true });
    await writeFile(configPath(env), '{');
    await expect(loadConfig(env)).rejects.toThrow('Delete it');
  });
});

describe('the token', () => {
  it('never goes to another installation than its own', () => {
    expect(tokenOf(config, {})).toBe('first');
    expect(tokenOf(config, { BATON_URL: 'http://two:8080' })).toBeUndefined();
  });
  it('of the environment stands over the log-in', () => {
    expect(tokenOf(config, { BATON_TOKEN: 'mine' })).toBe('mine');
  });
});

describe('the address', () => {
  it('is the environment’s, else the last log-in’s, else a job’s own platform, else the usual one', () => {
    const job = { BATON_API_URL: 'http://job:1' };
    expect(urlOf(config, { ...job, BATON_URL: 'http://two:8080/' })).toBe('http://two:8080');
    expect(urlOf(config, job)).toBe('http://one:8080');
    expect(urlOf({ logins: {} }, job)).toBe('http://job:1');
    expect(urlOf({ logins: {} }, {})).toBe('http://127.0.0.1:8080');
  });
  it('refuses what is none', () => {
    expect(() => normalUrl('localhost')).toThrow('is no address');
    expect(() => normalUrl('ftp://x')).toThrow('is no address');
  });
});
