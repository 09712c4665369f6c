// `npm test` seen from outside: what it says of tests that pass, fail, or pass in the second run, with a vitest that reports what it is told.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ScratchRepository } from './scratch-repository.ts';

/** One after the other, each run reports the next of `reports.json`, and exits with 1 if anything failed. */
const vitest = `
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
const [report, ...rest] = JSON.parse(readFileSync('reports.json', 'utf8'));
writeFileSync('reports.json', JSON.stringify(rest));
appendFileSync('runs', process.argv.slice(2).filter((each) => !each.startsWith('--reporter')).join(' ') + '\\n');
if (report) writeFileSync(process.env.BATON_TEST_REPORT, JSON.stringify(report));
process.exit(report?.files.every(({ failed }) => failed.length === 0) ? 0 : 1);
`;

interface Told {
  readonly file: string;
  readonly passed: number;
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

const file = (name: string, passed: number, ...failed: string[]): Told => ({
  file: name,
  passed,
  failed: failed.map((each) => ({ name: `${name} > ${each}`, reason: 'expected 1 to be 2' })),
  skipped: [],
});
const report = (...files: Told[]) => ({ files, unhandled: 0 });

let repository: ScratchRepository;
beforeEach(async () => {
  repository = new ScratchRepository();
  await repository.run('build');
  repository.addTool('mongod', '');
  repository.addNatsServer('2.14.5');
  repository.addPython();
  repository.write('node_modules/vitest/vitest.mjs', vitest);
});
afterEach(() => repository.remove());

async function test(...reports: unknown[]) {
  repository.write('reports.json', JSON.stringify(reports));
  const { code, stdout } = await repository.run('test');
  const lines = stdout.trim().split('\n');
  return { code, lines, last: lines.at(-1), runs: repository.read('runs').split('\n').slice(0, -1) };
}

it('passes when all do', async () => {
  expect(await test(report(file('a.spec.ts', 3), file('b.spec.ts', 2)))).toMatchObject({
    code: 0,
    last: '5 passed, 0 failed, 0 skipped',
    runs: ['run'],
  });
});

it('runs a file that failed once more, alone, and says that it is unstable when it passes then', async () => {
  const found = await test(report(file('a.spec.ts', 3), file('b.spec.ts', 1, 'ends')), report(file('b.spec.ts', 2)));
  expect(found).toMatchObject({ code: 0, last: '5 passed, 0 failed, 0 skipped' });
  expect(found.lines).toContain('UNSTABLE: b.spec.ts > ends failed first: expected 1 to be 2');
  expect(found.runs).toEqual(['run', 'run --maxWorkers=1 --no-file-parallelism b.spec.ts']);
});

it('fails when a file fails twice', async () => {
  const once = report(file('a.spec.ts', 3), file('b.spec.ts', 0, 'starts', 'ends'));
  const found = await test(once, report(file('b.spec.ts', 1, 'ends')));
  expect(found).toMatchObject({ code: 1, last: '4 passed, 1 failed, 0 skipped' });
  expect(found.lines).toContain('UNSTABLE: b.spec.ts > starts failed first: expected 1 to be 2');
});

it('fails at once when so much fails that it is no accident', async () => {
  const many = Array.from({ length: 6 }, (_, index) => file(`${index}.spec.ts`, 1, 'ends'));
  expect(await test(report(...many))).toMatchObject({ code: 1, last: '6 passed, 6 failed, 0 skipped', runs: ['run'] });
});

it('fails when a run ends without a report, the second one too', async () => {
  expect(await test()).toMatchObject({ code: 1, last: '0 passed, 1 failed, 0 skipped' });
  const found = await test(report(file('a.spec.ts', 3), file('b.spec.ts', 1, 'ends')));
  expect(found).toMatchObject({ code: 1, last: '4 passed, 1 failed, 0 skipped' });
});
