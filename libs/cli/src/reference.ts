// Prints docs/cli.md.
import { baton } from './program.ts';
import { referenceText } from './reference-text.ts';

process.stdout.write(referenceText(baton()));
