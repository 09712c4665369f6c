// Stable error codes, each with its HTTP status and title. Across processes errors are matched by code alone.
export const ERROR_CODES = {
  invalid_input: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Log in first' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  conflict: { status: 409, title: 'The present state does not allow this' },
  name_taken: { status: 409, title: 'The name is taken' },
  request_in_flight: { status: 409, title: 'The same request is being carried out' },
  removed: { status: 410, title: 'It was removed' },
  revision_mismatch: { status: 412, title: 'It has changed since it was read' },
  payload_too_large: { status: 413, title: 'Too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  range_not_satisfiable: { status: 416, title: 'Range not satisfiable' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key was used with another request' },
  unsatisfiable: { status: 422, title: 'No node can ever run this' },
  bad_archive: { status: 422, title: 'The archive can not be unpacked' },
  digest_mismatch: { status: 422, title: 'The content does not match its digest' },
  bad_model: { status: 422, title: 'The model can not be loaded' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong here' },
  storage_full: { status: 507, title: 'No space left' },
  unavailable: { status: 503, title: 'Not available now' },
  outcome_unknown: { status: 503, title: 'The outcome is not known yet' },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
