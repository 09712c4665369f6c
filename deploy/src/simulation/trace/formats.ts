// Which columns a trace of each format has, by name, and in which unit its times are.
const REQUIRED = ['id', 'submitted', 'duration', 'gpus'] as const;
const OPTIONAL = ['user', 'group', 'class', 'limit'] as const;
type Required = (typeof REQUIRED)[number];
type Field = Required | (typeof OPTIONAL)[number];

interface Format {
  readonly msPerUnit: number;
  /** The names that a column may have; the first that the file has counts. */
  readonly names: Readonly<Record<Required, readonly string[]>> & Partial<Readonly<Record<Field, readonly string[]>>>;
}

export const FORMATS = {
  muri: {
    msPerUnit: 1,
    names: { id: ['job_id'], submitted: ['submit_time'], duration: ['duration'], gpus: ['num_gpu'] },
  },
  itp: {
    msPerUnit: 1_000,
    names: { id: ['job_id'], submitted: ['submission_time'], duration: ['duration'], gpus: ['num_gpu'] },
  },
  csv: {
    msPerUnit: 1_000,
    names: {
      id: ['job_id'],
      submitted: ['submit_time', 'submission_time'],
      duration: ['duration'],
      gpus: ['num_gpu', 'gpus'],
      user: ['user'],
      group: ['group'],
      class: ['class'],
      limit: ['time_limit'],
    },
  },
} as const satisfies Readonly<Record<string, Format>>;
export type FormatName = keyof typeof FORMATS;
export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[];

/** Where each field stands in a row; undefined: the file does not have it. */
export type Columns = Readonly<Record<Required, number>> & Partial<Readonly<Record<Field, number>>>;

/** What is wrong with the header, as sentences, or where each column is. */
export function columnsOf(
  header: readonly string[],
  name: FormatName,
): Columns | { readonly faults: readonly string[] } {
  const { names }: Format = FORMATS[name];
  const titles = header.map((title) => title.trim().toLowerCase());
  const twice = titles.filter((title, index) => titles.indexOf(title) !== index);
  const find = (field: Field) => {
    const title = names[field]?.find((each) => titles.includes(each));
    return title === undefined ? undefined : titles.indexOf(title);
  };
  const missing = REQUIRED.filter((field) => find(field) === undefined);
  const used = [...REQUIRED, ...OPTIONAL].flatMap((field) => names[field] ?? []);
  const faults = [
    ...missing.map((field) => `there is no column ${names[field].join(' or ')}`),
    ...new Set(twice.filter((title) => used.includes(title)).map((title) => `the column ${title} is there twice`)),
  ];
  if (faults.length > 0) return { faults };
  const at = (field: Required) => find(field) ?? -1;
  const found = OPTIONAL.flatMap((field) => {
    const index = find(field);
    return index === undefined ? [] : [[field, index] as const];
  });
  return {
    id: at('id'),
    submitted: at('submitted'),
    duration: at('duration'),
    gpus: at('gpus'),
    ...Object.fromEntries(found),
  };
}
