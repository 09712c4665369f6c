// What runs of the tests come to: their totals, which files are worth a second run, and both runs as one.

/** More failing files than this are no accident: a second run would tell nothing. */
const MAX_REPEATED = 5;

export function totalsOf({ files, unhandled }) {
  return {
    passed: files.reduce((total, { passed }) => total + passed, 0),
    failed: files.reduce((total, { failed }) => total + failed.length, unhandled),
    skipped: files.flatMap(({ skipped }) => skipped),
  };
}

/** A run that crashed, or that found no test, must never read as a pass. */
export function failuresOf(result) {
  const { passed, failed } = totalsOf(result);
  if (failed > 0) return failed;
  return result.exitCode !== 0 || passed === 0 ? 1 : 0;
}

export function filesToRepeat({ files, unhandled }) {
  const failing = new Set(files.filter(({ failed }) => failed.length > 0).map(({ file }) => file));
  return unhandled > 0 || failing.size > MAX_REPEATED ? [] : [...failing];
}

/** The second run's word counts for the files that are in it. `unstable`: what failed in the first and did not in the second. */
export function repeated(first, second) {
  const again = new Set(second.files.map(({ file }) => file));
  const still = new Set(second.files.flatMap(({ failed }) => failed.map(({ name }) => name)));
  const replaced = first.files.filter(({ file }) => again.has(file));
  return {
    exitCode: second.exitCode,
    files: [...first.files.filter(({ file }) => !again.has(file)), ...second.files],
    unhandled: second.unhandled,
    unstable: replaced.flatMap(({ failed }) => failed).filter(({ name }) => !still.has(name)),
  };
}
