// A vitest reporter that writes what became of each file's tests, and why some were skipped or failed, to the file BATON_TEST_REPORT.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

const fileOf = (module) => relative(process.cwd(), module.moduleId);

const skippedTest = (test) => ({
  name: `${fileOf(test.module)} > ${test.fullName}`,
  reason: test.result().note ?? 'its condition does not hold here',
});

const firstLine = (errors) => String(errors?.[0]?.message ?? 'it did not end').split('\n', 1)[0];

// A file that can't be loaded, or a hook that throws, fails without any failing test.
function failuresOf(module, tests) {
  const broken = [module, ...module.children.allSuites()].filter((part) => part.errors().length > 0);
  const failed = tests.filter((test) => ['failed', 'pending'].includes(test.result().state));
  return [
    ...broken.map((part) => ({ name: `${fileOf(module)} (as a whole)`, reason: firstLine(part.errors()) })),
    ...failed.map((test) => ({
      name: `${fileOf(module)} > ${test.fullName}`,
      reason: firstLine(test.result().errors),
    })),
  ];
}

function summaryOf(module) {
  const tests = [...module.children.allTests()];
  const inState = (state) => tests.filter((test) => test.result().state === state);
  return {
    passed: inState('passed').length,
    failed: failuresOf(module, tests),
    skipped: inState('skipped').map(skippedTest),
  };
}

export default class FilesReporter {
  onTestRunEnd(modules, unhandledErrors) {
    // A file may be in several vitest projects.
    const files = modules.map((module) => ({ file: fileOf(module), ...summaryOf(module) }));
    writeFileSync(process.env.BATON_TEST_REPORT, JSON.stringify({ files, unhandled: unhandledErrors.length }));
  }
}
