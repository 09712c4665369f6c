// What the vault of secrets guarantees.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileVault } from './file-vault.ts';
import { PersonalKeys } from './personal-keys.ts';

const SECRET_ID = `sec_${'a'.repeat(26)}`;
const USER_ID = `usr_${'a'.repeat(26)}`;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-vault-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the vault', () => {
  it('never gives two values one version, also when they are written at the same time', async () => {
    const vault = new FileVault(folder, 'secret');
    const values = ['a', 'b', 'c', 'd'];
    const versions = await Promise.all(values.map((value) => vault.write(SECRET_ID, 3, value)));
    expect(versions.toSorted((a, b) => a - b)).toEqual([4, 5, 6, 7]);
    expect(await Promise.all(versions.map((version) => vault.read(SECRET_ID, version)))).toEqual(values);
  });

  it('removes old versions and keeps newer ones, whose event may be on its way', async () => {
    const vault = new FileVault(folder, 'secret');
    for (const value of ['a', 'b', 'c']) await vault.write(SECRET_ID, 0, value);
    await vault.removeUpTo(SECRET_ID, 2);
    expect(await readdir(join(folder, 'secrets', SECRET_ID))).toEqual(['3']);
    expect(await vault.read(SECRET_ID, 1)).toBeNull();
    await vault.removeUpTo(`sec_${'b'.repeat(26)}`, 9);
  });

  it('opens nothing with the secret of another installation, or a file put in the place of another', async () => {
    const vault = new FileVault(folder, 'secret');
    await vault.write(SECRET_ID, 0, 'value');
    await expect(new FileVault(folder, 'other').read(SECRET_ID, 1)).rejects.toThrow(/unable to authenticate/);
    await writeFile(join(folder, 'secrets', SECRET_ID, '2'), await readFile(join(folder, 'secrets', SECRET_ID, '1')));
    await expect(vault.read(SECRET_ID, 2)).rejects.toThrow(/unable to authenticate/);
  });

  it('refuses ids that would leave its folder', async () => {
    await expect(new FileVault(folder, 'secret').write('../x', 0, 'value')).rejects.toThrow(/is not a secret's id/);
    await expect(new PersonalKeys(folder, 'secret').seal('../x', 'email', 'value')).rejects.toThrow(
      /is not a user's id/,
    );
  });
});

describe('personal keys', () => {
  it('are made once, also when they are asked for at the same time', async () => {
    const keys = new PersonalKeys(folder, 'secret');
    const [email, name] = await Promise.all([keys.seal(USER_ID, 'email', 'a@b'), keys.seal(USER_ID, 'name', 'Ada')]);
    expect([await keys.open(USER_ID, 'email', email), await keys.open(USER_ID, 'name', name)]).toEqual(['a@b', 'Ada']);
    expect((await stat(join(folder, 'users', `${USER_ID}.key`))).mode & 0o777).toBe(0o600);
  });

  it('destroyed erase the person, but a wrong installation secret does not look like that', async () => {
    const keys = new PersonalKeys(folder, 'secret');
    const sealed = await keys.seal(USER_ID, 'email', 'a@b');
    await expect(new PersonalKeys(folder, 'other').open(USER_ID, 'email', sealed)).rejects.toThrow(
      /unable to authenticate/,
    );
    expect(await keys.buried()).toEqual([]);
    for (const _ of [1, 2]) {
      await keys.bury(USER_ID, [SECRET_ID]);
      await keys.destroy(USER_ID);
    }
    expect(await keys.open(USER_ID, 'email', sealed)).toBeNull();
    expect(await keys.buried()).toEqual([USER_ID]);
    expect(await readdir(join(folder, 'users'))).toEqual([`${USER_ID}.erased`]);
  });

  it('are never made again for somebody who was erased', async () => {
    const keys = new PersonalKeys(folder, 'secret');
    await keys.bury(USER_ID, []);
    await expect(keys.seal(USER_ID, 'email', 'a@b')).rejects.toThrow(/was erased/);
  });
});
