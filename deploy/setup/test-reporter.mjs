// A vitest reporter that writes the totals, and every skipped test with its reason, to the file BATON_TEST_REPORT.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

const place = (test) => `${relative(process.cwd(), test.module.moduleId)} > ${test.fullName}`;

const skippedTest = (test) => ({
  name: place(test),
  reason: test.result().note ?? 'its condition does not hold here',
});

// A file that can't be loaded, or a hook that throws, fails without any failing test.
const brokenParts = (module) =>
  [module, ...module.children.allSuites()].filter((part) => part.errors().length > 0).length;

function summarize(modules) {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const inState = (state) => tests.filter((test) => test.result().state === state);
  const broken = modules.reduce((total, module) => total + brokenParts(module), 0);
  return {
    passed: inState('passed').length,
    failed: inState('failed').length + inState('pending').length + broken,
    skipped: inState('skipped').map(skippedTest),
  };
}

export default class TotalsReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const summary = summarize(modules);
    summary.failed += unhandledErrors.length;
    writeFileSync(process.env.BATON_TEST_REPORT, JSON.stringify(summary));
  }
}
