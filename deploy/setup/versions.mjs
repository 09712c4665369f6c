// Reading version numbers out of what tools print, and comparing them.
/** The first `1.2.3` or `1.2` in a text as `[1, 2, 3]`, or undefined. */
export function parseVersion(text) {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text ?? '');
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

export function isAtLeast(version, minimum) {
  for (const [place, least] of minimum.entries()) {
    if (version[place] !== least) return version[place] > least;
  }
  return true;
}

/** JetStream's fixes that Baton relies on are in 2.14.5 and were carried back to 2.12.15. */
export const isSupportedNatsServer = (version) =>
  isAtLeast(version, [2, 14, 5]) || (isAtLeast(version, [2, 12, 15]) && !isAtLeast(version, [2, 13]));
