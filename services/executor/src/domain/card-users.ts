// Reads nvidia-smi's list of the processes that compute on cards.

export const CARD_USERS_QUERY = ['--query-compute-apps=pid,gpu_uuid', '--format=csv,noheader'];

export interface CardUser {
  readonly pid: number;
  /** UUID of the card; of the divided one for an instance. */
  readonly card: string;
}

/** Lines of another form, such as "No running processes found", are none. */
export function parseCardUsers(text: string): CardUser[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d{1,10}),\s*((?:GPU|MIG)-\S+)\s*$/.exec(line);
    return match?.[2] === undefined ? [] : [{ pid: Number(match[1]), card: match[2] }];
  });
}
