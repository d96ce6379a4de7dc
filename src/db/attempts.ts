/** To send what no server has read. */
const MAX_ATTEMPTS = 3;

/**
 * Sends something again where that is right: another process may be giving up the very backend that the pooler chooses,
 * which then ends before it has read anything.
 * @param mayRepeat whether what failed so may be sent again
 */
export async function untilRead<T>(
  send: () => Promise<T>,
  mayRepeat: (error: unknown) => boolean,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !mayRepeat(error)) throw error;
      if (signals.some((signal) => signal?.aborted)) throw error;
    }
  }
}
