// What nvidia-smi prints, in the forms of several generations of cards and drivers, with no more elements than are read.
export const H100 = 'GPU-1d37a2c4-0b9f-4c9e-9a5e-5f2d3c7b8a10';
export const V100 = 'GPU-2e48b3d5-1ca0-5daf-8b6f-6a3e4d8c9b21';
export const A100 = 'GPU-3f59c4e6-2db1-6eb0-9c70-7b4f5e9dac32';
export const INSTANCES = [
  'MIG-4a6ad5f7-3ec2-5fc1-8d81-8c5a6fae0d43',
  'MIG-5b7be608-4fd3-5ad2-9e92-9d6b70bf1e54',
] as const;

export interface CardText {
  readonly busId?: string;
  readonly uuid?: string;
  readonly product?: string;
  readonly memory?: string;
  /** Elements in the place of the card's own of that name. */
  readonly elements?: Readonly<Record<string, string>>;
}

export function smiLog(...cards: readonly string[]): string {
  return [
    '<?xml version="1.0" ?>',
    '<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">',
    '<nvidia_smi_log>',
    '\t<timestamp>Mon Nov  2 09:15:01 2026</timestamp>',
    '\t<driver_version>580.95.05</driver_version>',
    `\t<attached_gpus>${cards.length}</attached_gpus>`,
    ...cards,
    '</nvidia_smi_log>',
    '',
  ].join('\n');
}

/** A card of the present generations: rows of memory are remapped, uncorrectable errors are counted by kind. */
export function modernCard({ busId, uuid, product, memory, elements }: CardText = {}): string {
  const own = {
    product_name: product ?? 'NVIDIA H100 80GB HBM3',
    mig_mode: '<current_mig>Disabled</current_mig><pending_mig>Disabled</pending_mig>',
    mig_devices: 'None',
    uuid: uuid ?? H100,
    gpu_reset_status:
      '<reset_required>Requested functionality has been deprecated</reset_required><drain_and_reset_recommended>Requested functionality has been deprecated</drain_and_reset_recommended>',
    gpu_recovery_action: 'None',
    fan_speed: 'N/A',
    fb_memory_usage: `<total>${memory ?? '81559 MiB'}</total><reserved>520 MiB</reserved><used>0 MiB</used><free>81038 MiB</free>`,
    compute_mode: 'Default',
    utilization: '<gpu_util>0 %</gpu_util><memory_util>0 %</memory_util>',
    ecc_errors: modernErrors({}),
    retired_pages: '<pending_blacklist>N/A</pending_blacklist><pending_retirement>N/A</pending_retirement>',
    remapped_rows: remappedRows({}),
    gpu_power_readings: '<power_state>P0</power_state><instant_power_draw>71.20 W</instant_power_draw>',
    processes: '',
  };
  return cardText(busId ?? '00000000:1B:00.0', { ...own, ...elements });
}

export function modernErrors(counts: {
  readonly dramUncorrectable?: number;
  readonly dramCorrectable?: number;
}): string {
  const kinds = [
    ['sram_correctable', 0],
    ['sram_uncorrectable_parity', 0],
    ['sram_uncorrectable_secded', 0],
    ['dram_correctable', counts.dramCorrectable ?? 0],
    ['dram_uncorrectable', counts.dramUncorrectable ?? 0],
  ];
  // What the card has seen in its whole life is no reason.
  const aggregate = '<aggregate><sram_uncorrectable_parity>4</sram_uncorrectable_parity></aggregate>';
  return `<volatile>${kinds.map(([name, count]) => `<${name}>${count}</${name}>`).join('')}</volatile>${aggregate}`;
}

export function remappedRows({ pending = 'No', failure = 'No' }: { pending?: string; failure?: string }): string {
  return `<remapped_row_corr>0</remapped_row_corr><remapped_row_unc>1</remapped_row_unc><remapped_row_pending>${pending}</remapped_row_pending><remapped_row_failure>${failure}</remapped_row_failure>`;
}

/** A card of before: single- and double-bit errors, retired pages, no rows to remap. */
export function olderCard({ busId, uuid, product, memory, elements }: CardText & { doubleBit?: string } = {}): string {
  return modernCard({
    busId: busId ?? '00000000:3B:00.0',
    uuid: uuid ?? V100,
    product: product ?? 'Tesla V100-SXM2-32GB',
    memory: memory ?? '32768 MiB',
    elements: {
      mig_mode: '<current_mig>N/A</current_mig><pending_mig>N/A</pending_mig>',
      gpu_reset_status: '',
      gpu_recovery_action: '',
      ecc_errors: olderErrors(0),
      retired_pages: '<pending_blacklist>No</pending_blacklist><pending_retirement>No</pending_retirement>',
      remapped_rows: 'N/A',
      ...elements,
    },
  });
}

export function olderErrors(doubleBit: number): string {
  const counters = (total: number) => `<device_memory>${total}</device_memory><total>${total}</total>`;
  return `<volatile><single_bit>${counters(7)}</single_bit><double_bit>${counters(doubleBit)}</double_bit></volatile>`;
}

/** A card in two parts, as `nvidia-smi mig -cgi 9,14 -C` leaves it. */
export function dividedCard(instanceErrors: readonly number[] = [0, 0]): string {
  const instance = (index: number, memory: string) =>
    `<mig_device><index>${index}</index><gpu_instance_id>${index + 1}</gpu_instance_id><compute_instance_id>0</compute_instance_id><ecc_error_count><volatile_count><sram_uncorrectable>${instanceErrors[index] ?? 0}</sram_uncorrectable></volatile_count></ecc_error_count><fb_memory_usage><total>${memory}</total></fb_memory_usage></mig_device>`;
  return modernCard({
    busId: '00000000:07:00.0',
    uuid: A100,
    product: 'NVIDIA A100-SXM4-40GB',
    memory: '40960 MiB',
    elements: {
      mig_mode: '<current_mig>Enabled</current_mig><pending_mig>Enabled</pending_mig>',
      mig_devices: instance(0, '20096 MiB') + instance(1, '9984 MiB'),
      utilization: '<gpu_util>N/A</gpu_util><memory_util>N/A</memory_util>',
    },
  });
}

/** `nvidia-smi -L` for `dividedCard` beside a whole one. */
export const LISTING_OF_DIVIDED = [
  `GPU 0: NVIDIA A100-SXM4-40GB (UUID: ${A100})`,
  `  MIG 3g.20gb     Device  0: (UUID: ${INSTANCES[0]})`,
  `  MIG 2g.10gb     Device  1: (UUID: ${INSTANCES[1]})`,
  `GPU 1: NVIDIA H100 80GB HBM3 (UUID: ${H100})`,
  '',
].join('\n');

/** What comes in place of every answer when one card can not be reached. */
export const LOST_V100 =
  'Unable to determine the device handle for GPU0000:3B:00.0: GPU is lost.  Reboot the system to recover this GPU\n';

function cardText(busId: string, elements: Readonly<Record<string, string>>): string {
  const lines = Object.entries(elements).map(([name, content]) => `\t\t<${name}>${content}</${name}>`);
  return [`\t<gpu id="${busId}">`, ...lines, '\t</gpu>'].join('\n');
}
