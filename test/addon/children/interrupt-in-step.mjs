// Ctrl-C in mid-step: "handled" closes the engine and ends with 130, "default" leaves it to the system.
import { endlessStep, readyEngine } from "./setup.mjs";

const engine = await readyEngine();
if (process.argv[4] === "handled") {
  process.once("SIGINT", async () => {
    await engine.close();
    process.exitCode = 130;
  });
}
engine.step(endlessStep).catch((error) => console.log(error.code));
setImmediate(() => process.kill(process.pid, "SIGINT"));
