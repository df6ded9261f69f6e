import { Socket } from "node:net";
import { workerData } from "node:worker_threads";
import type { LifelineData } from "./lifeline.ts";

const { descriptor, grace_ms } = workerData as LifelineData;

const lifeline = new Socket({ fd: descriptor, readable: true, writable: false });
lifeline.on("error", () => {
  // A reset says what a close says; "close" follows.
});
lifeline.once("close", () => {
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => process.kill(process.pid, "SIGKILL"), grace_ms);
});
lifeline.resume();
