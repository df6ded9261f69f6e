/** What a run that was stopped ends as: SIGTERM is how schedulers take a machine back. */
export function stopStatus(signal: AbortSignal): "interrupted" | "preempted" {
  return signal.reason === "SIGTERM" ? "preempted" : "interrupted";
}
