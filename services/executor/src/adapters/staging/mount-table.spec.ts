// The kernel's table of mounts, as recorded.
import { describe, expect, it } from 'vitest';
import { mountsOf, parseMounts } from './mount-table.ts';

const TABLE = `27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
30 27 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 27 254:16 /volumes/7 /srv/ba\\040ton rw,relatime shared:5 - xfs /dev/vdb rw
43 31 254:16 /volumes/7/agent/cache/trees/ab /srv/ba\\040ton/agent/attempts/job_1.1/datasets/digits ro,nosuid,nodev,relatime shared:5 - xfs /dev/vdb rw
44 27 254:16 /volumes/7/agent/cache/trees/cd /tmp/moved ro,relatime - xfs /dev/vdb rw
45 27 254:16 /volumes/7/agent/cache-of-others/x /tmp/other ro,relatime - xfs /dev/vdb rw
46 27 254:0 /agent/cache/trees/ef /tmp/elsewhere ro,relatime - ext4 /dev/vda rw
`;

describe('the mounts of a folder', () => {
  const mounts = parseMounts(TABLE);

  it('are found where they were made and where a job has moved them, and no others', () => {
    const found = mountsOf('/srv/ba ton/agent/cache', mounts);
    expect(found.map(({ point }) => point)).toEqual([
      '/srv/ba ton/agent/attempts/job_1.1/datasets/digits',
      '/tmp/moved',
    ]);
    expect(found.every(({ readOnly }) => readOnly)).toBe(true);
  });

  it('on the root file system are those of that file system', () => {
    expect(mountsOf('/agent/cache', mounts).map(({ point }) => point)).toEqual(['/tmp/elsewhere']);
  });
});
