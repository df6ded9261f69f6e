/** Why this process shall stop; null while it shall not. */
export function stopReason(signal: AbortSignal): string | null {
  return signal.aborted ? String(signal.reason) : null;
}

/** What a run that was stopped ends as: SIGTERM is how schedulers take a machine back. */
export function stopStatus(reason: string | null): "interrupted" | "preempted" {
  return reason === "SIGTERM" ? "preempted" : "interrupted";
}

/** Why all ranks stop, by what each of them says: the machine that one loses, all have to come back for. */
export function sharedReason(reasons: readonly (string | null)[]): string | null {
  return reasons.includes("SIGTERM")
    ? "SIGTERM"
    : (reasons.find((reason) => reason !== null) ?? null);
}
