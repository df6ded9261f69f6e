import { Worker } from "node:worker_threads";

/** Names the descriptor of a socket that closes when the process that started this rank is gone. */
export const LIFELINE = "FLM_LIFELINE_FD";

/** How long a rank whose launcher is gone may take to save and end, before it is killed. */
const GRACE_SECONDS = 30;

/**
 * Ends this process when the one that started it ends, however that happens: SIGTERM as soon as the lifeline closes,
 * SIGKILL after a while. It is watched in a thread of its own, because the main thread may be in a native call.
 * Does nothing in a process that no local launcher started, and says whether one did. Call it first of all.
 */
export function followLifeline(env: NodeJS.ProcessEnv, grace_seconds = GRACE_SECONDS): boolean {
  const descriptor = env[LIFELINE];
  if (descriptor === undefined) return false;
  // It is this process's own: what this process starts does not have the descriptor.
  delete env[LIFELINE];
  const workerData: LifelineData = {
    descriptor: Number(descriptor),
    grace_ms: grace_seconds * 1000,
  };
  // Workers are loaded by Node itself, which reads no TypeScript: this works in dist/ alone.
  new Worker(new URL("./lifeline-worker.js", import.meta.url), { workerData }).unref();
  return true;
}

export interface LifelineData {
  descriptor: number;
  grace_ms: number;
}
