// A tool in nvidia-smi's place that says what it is told to say; changed in one step, also while somebody asks.
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What it says to each set of arguments; to all others it says `otherwise`, and fails. */
export async function fakeNvidiaSmi(
  folder: string,
  answers: Readonly<Record<string, string>>,
  otherwise = '',
): Promise<void> {
  const texts = join(folder, randomUUID());
  await mkdir(texts, { recursive: true });
  const cases = await Promise.all(
    Object.entries(answers).map(async ([args, text], index) => {
      const file = join(texts, `answer-${index}`);
      await writeFile(file, text);
      return `"${args}") cat '${file}' ;;`;
    }),
  );
  await writeFile(join(texts, 'otherwise'), otherwise);
  const script = `#!/bin/sh\ncase "$*" in\n${cases.join('\n')}\n*) cat '${join(texts, 'otherwise')}'; exit 15 ;;\nesac\n`;
  await writeFile(join(texts, 'nvidia-smi'), script);
  await chmod(join(texts, 'nvidia-smi'), 0o755);
  await rename(join(texts, 'nvidia-smi'), join(folder, 'nvidia-smi'));
}
