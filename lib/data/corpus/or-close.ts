/** What can be left open. */
interface Closable {
  close(): Promise<void>;
}

/** What `work` makes of something that is open, which is closed where it fails. */
export async function orClose<T>(opened: Closable, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await opened.close();
    throw error;
  }
}
