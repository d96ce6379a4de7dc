/**
 * Waits for statements that were sent one behind the other.
 * @throws what the first one that failed threw: those behind it fail only because it did
 */
export async function together<T extends readonly unknown[]>(
  statements: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  const settled = await Promise.allSettled(statements);
  const failed = settled.find(({ status }) => status === "rejected");
  if (failed) throw (failed as PromiseRejectedResult).reason;
  return settled.map((each) =>
    (each as PromiseFulfilledResult<unknown>).value
  ) as unknown as T;
}
