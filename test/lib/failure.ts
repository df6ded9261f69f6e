import { FlmError } from "../../lib/errors.ts";

/** The FlmError that `action` throws. */
export function failure(action: () => unknown): FlmError {
  try {
    action();
  } catch (error) {
    return asFlmError(error);
  }
  throw new Error("expected an FlmError, but nothing was thrown");
}

/** The FlmError that `promise` rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<FlmError> {
  try {
    await promise;
  } catch (error) {
    return asFlmError(error);
  }
  throw new Error("expected an FlmError, but nothing was thrown");
}

function asFlmError(error: unknown): FlmError {
  if (error instanceof FlmError) return error;
  throw error;
}
