import { parentPort, workerData } from "node:worker_threads";
import { FlmError } from "../../errors.ts";
import { joinHere } from "./join-here.ts";
import { plain, type PlainError, revive } from "./messages.ts";
import { TIMING } from "./options.ts";
import type { FromWorker, ToWorker, WorkerOptions } from "./worker-messages.ts";
import type { World } from "./world.ts";

const port = parentPort!;

function say(message: FromWorker): void {
  port.postMessage(message);
}

function plainOf(error: unknown): PlainError {
  if (error instanceof FlmError) return plain(error);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: "INTERNAL", message: text };
}

async function obey(world: World, message: Exclude<ToWorker, { type: "heard" }>): Promise<unknown> {
  switch (message.type) {
    case "progress":
      return world.progress(message.step);
    case "abort":
      return world.abort(revive(message.error));
    case "close":
      return world.close();
    case "call": {
      const { verb, key, value, options } = message;
      return verb === "barrier" ? world.barrier(key, options) : world[verb](key, value, options);
    }
  }
}

try {
  const options = workerData as WorkerOptions;
  const onWarning = (message: string) => say({ type: "warning", message });
  const world = await joinHere({ ...options, onWarning });
  const { epoch, roster, hosts } = world;
  let deaf: NodeJS.Timeout | undefined;
  world.onAbort((reason) => {
    say({ type: "abort", error: plain(reason) });
    // A thread of Node's cannot end the process with a code of its own.
    const kill = () => process.kill(process.pid, "SIGKILL");
    deaf = setTimeout(kill, options.timing?.deaf_ms ?? TIMING.deaf_ms);
  });
  port.on("message", (message: ToWorker) => {
    if (message.type === "heard") return clearTimeout(deaf);
    void obey(world, message).then(
      (value) => "id" in message && say({ type: "answer", id: message.id, value }),
      (error) => "id" in message && say({ type: "refusal", id: message.id, error: plainOf(error) }),
    );
  });
  say({ type: "joined", epoch, roster, hosts });
} catch (error) {
  say({ type: "failed", error: plainOf(error) });
}
