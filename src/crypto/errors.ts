/**
 * A sealed value that does not open: wrong key, wrong place, or altered bytes. Which of them is not told apart,
 * because AES-GCM cannot. The message is for the log; a client learns nothing of it.
 */
export class SealError extends Error {
  override readonly name = "SealError";
}

/** The holder of the key-encryption keys cannot answer; says nothing about the value that was to be opened. */
export class KeyProviderError extends Error {
  override readonly name = "KeyProviderError";
  /** Whether the same call may succeed later without anybody repairing anything. */
  readonly retryable: boolean;

  constructor(
    message: string,
    options: { retryable: boolean; cause?: unknown },
  ) {
    super(
      message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.retryable = options.retryable;
  }
}

/** Any token, code or opaque secret that is not accepted. The message is for the log, and never repeats the token. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

/** Too many passwords wait to be hashed: the caller answers 503, which is what a flood of log-ins should see. */
export class HasherBusyError extends Error {
  override readonly name = "HasherBusyError";
}
