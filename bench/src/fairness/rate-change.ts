// Who is served how fast from when on.
export interface RateChange {
  readonly at: number;
  readonly userId: string;
  /** GPUs more than before. */
  readonly gpus: number;
}
