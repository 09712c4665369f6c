// Errors with stable codes.
export { hasCode, PlatformError, type PlatformErrorOptions } from './platform-error.ts';
export { fromWire, parseInput, toWire } from './wire.ts';
