// The reference of all commands as Markdown, from the program itself.
import type { Argument, Command, Option } from 'commander';
import { EXIT_CODE_MEANINGS } from './exit-codes.ts';
import { ENVIRONMENT } from './program.ts';

export function referenceText(program: Command): string {
  const sections = program.commands.flatMap((command) => commandSections(command, program.name()));
  return [
    '# The command `baton`',
    '<!-- Generated: node libs/cli/dist/reference.js > docs/cli.md -->',
    `In the repository it is \`npx baton\`. Results go to standard output, all that is for people alone to standard error. Every command that
shows something takes \`--json\`: one JSON document, or one a line for what is followed.
Errors are one line of what happened and what to do; below it the fields that are not valid, each with its pointer. With \`--json\` they
are \`{"error": {"exitCode", "code", "message", "issues"}}\`.`,
    `Jobs are named by their id, by its first characters, or by name: that is the newest job of that name.`,
    `## Exit codes\n\n${tableText(['code', 'meaning'], EXIT_CODE_MEANINGS)}`,
    `## Environment\n\n${tableText(
      ['variable', 'meaning'],
      ENVIRONMENT.map(([name, meaning]) => [`\`${name}\``, meaning]),
    )}`,
    ...sections,
  ]
    .join('\n\n')
    .concat('\n');
}

function commandSections(command: Command, parent: string): string[] {
  const path = `${parent} ${command.name()}`;
  if (command.commands.length === 0) return [verbSection(command, path, parent.includes(' ') ? '###' : '##')];
  return [
    `## ${path}\n\n${sentence(command.description())}`,
    ...command.commands.flatMap((each) => commandSections(each, path)),
  ];
}

function verbSection(command: Command, path: string, heading: string): string {
  const parts = [`${heading} ${path}`, sentence(command.description()), `\`\`\`\n${path} ${command.usage()}\n\`\`\``];
  const rows = [...command.registeredArguments.flatMap(argumentRow), ...command.options.map(optionRow)];
  if (rows.length > 0) parts.push(tableText(['option', 'meaning'], rows));
  const more = moreHelp(command);
  if (more !== '') parts.push(`\`\`\`\n${more}\n\`\`\``);
  return parts.join('\n\n');
}

function argumentRow(argument: Argument): (readonly [string, string])[] {
  return argument.argChoices ? [[`\`<${argument.name()}>\``, argument.argChoices.join(', ')]] : [];
}

function optionRow({ flags, description, argChoices, defaultValue, mandatory }: Option): readonly [string, string] {
  const details = [
    ...(argChoices ? [argChoices.join(', ')] : []),
    ...(mandatory ? ['needed'] : []),
    ...(typeof defaultValue === 'number' ? [`default ${defaultValue}`] : []),
  ];
  return [`\`${flags}\``, details.length === 0 ? description : `${description} (${details.join('; ')})`];
}

/** What `addHelpText` adds; commander tells it only while it prints. */
function moreHelp(command: Command): string {
  let printed = '';
  command.configureOutput({ writeOut: (text) => (printed += text) });
  command.outputHelp();
  return printed.slice(command.helpInformation().length).trim();
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function tableText(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}
