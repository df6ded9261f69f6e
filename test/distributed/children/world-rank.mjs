// A rank that joins the world of its launcher, and does what an argument of the form `rank:deed` or `all:deed` says.
import { detectLaunch } from "../../../dist/parallel/launch/detect.js";
import { followLifeline } from "../../../dist/parallel/launch/lifeline.js";
import { takeStoreSocket } from "../../../dist/parallel/launch/store-socket.js";
import { joinWorld } from "../../../dist/parallel/rendezvous/join-world.js";

followLifeline(process.env);
// As the command line does: the world's end is what ends a rank, and says why.
process.on("SIGTERM", () => {});

const launch = detectLaunch(process.env);
const deeds = process.argv
  .slice(2)
  .map((argument) => argument.split(":"))
  .filter(([who]) => who === String(launch.rank) || who === "all")
  .map(([, deed]) => deed);

const SILENCE_MS = 500;
const IMPATIENT = { heartbeat_ms: 20, silence_ms: SILENCE_MS, deaf_ms: SILENCE_MS };
const standStill = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

try {
  const world = await joinWorld({
    launch,
    config_hash: deeds.includes("other-config") ? "beef" : "c0ffee",
    seen_epoch: launch.rank,
    endpoint: { pid: process.pid },
    secret_file: null,
    store_socket: takeStoreSocket(),
    timeout_seconds: 60,
    timing: deeds.includes("impatient") ? IMPATIENT : {},
    host: "here",
    onWarning: (message) => process.stderr.write(`warning: ${message}\n`),
  });
  world.onAbort((reason) => {
    process.stderr.write(`${reason.message}\n`);
    process.exit(reason.exitCode);
  });
  // The main thread stands still for longer than a rank may be silent.
  if (deeds.includes("block")) standStill(3 * SILENCE_MS);
  const ranks = await world.gather("ranks", world.rank);
  const { epoch, roster } = world;
  process.stdout.write(`${JSON.stringify({ ...launch, epoch, ranks, own: roster[world.rank] })}\n`);
  if (deeds.includes("kill")) process.kill(process.pid, "SIGKILL");
  if (deeds.includes("hang")) standStill(Infinity);
  if (deeds.includes("abort")) {
    const { FlmError } = await import("../../../dist/errors.js");
    world.abort(new FlmError("DATA_INVALID", "token 70000 is not in the vocabulary"));
  }
  if (deeds.includes("wait")) await world.barrier("never");
  if (!deeds.includes("forget")) await world.close();
  if (deeds.includes("again-once") && launch.attempt === 0) process.exitCode = 75;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode ?? 1;
}
