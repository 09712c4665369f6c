// Names of variables that a shell can set: with any other it can do nothing.
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function isShellName(name: string): boolean {
  return NAME.test(name);
}
