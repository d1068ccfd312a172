/**
 * Runs `work` for 0 .. count - 1 with at most `limit` under way at a time. Ends when all of them have ended;
 * after a failure or an abort no more are begun, and the first failure is thrown.
 */
export async function forEachConcurrently(
  count: number,
  limit: number,
  work: (index: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  let failed = false;
  const runner = async () => {
    while (next < count && !failed) {
      try {
        signal?.throwIfAborted();
        await work(next++);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(limit, count) }, runner));
  const failure = results.find((result) => result.status === "rejected");
  if (failure) throw failure.reason;
}
