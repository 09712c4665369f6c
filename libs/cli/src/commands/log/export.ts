// `baton log export`.
import { resolve } from 'node:path';
import { homeOf, type HomeOption, loadAdmin, withHome } from '../../admin.ts';
import { printResult } from '../../output/print.ts';
import { verb } from '../../verb.ts';
import { reportText } from './report-text.ts';

export const exportLog = () =>
  withHome(verb('export <file>', 'write the whole log to a file, .zst or .gz, verified; also while Baton runs')).action(
    run,
  );

async function run(file: string, options: HomeOption & { readonly json?: boolean }): Promise<void> {
  const report = await (await loadAdmin()).exportLog(homeOf(options), resolve(file));
  printResult(options, report, () => `${reportText(report)}\nwritten to ${file}`);
}
