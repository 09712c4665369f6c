// `baton log import`.
import { resolve } from 'node:path';
import { homeOf, type HomeOption, loadAdmin, withHome } from '../../admin.ts';
import { printResult } from '../../output/print.ts';
import { verb } from '../../verb.ts';
import { reportText } from './report-text.ts';

export const importLog = () =>
  withHome(
    verb('import <file>', 'put an exported log into a stopped installation whose log is empty; may be repeated'),
  ).action(run);

async function run(file: string, options: HomeOption & { readonly json?: boolean }): Promise<void> {
  const report = await (await loadAdmin()).importLog(homeOf(options), resolve(file));
  printResult(options, report, () => `${reportText(report)}\nimported and compared`);
}
