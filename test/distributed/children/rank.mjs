// A rank without a model. It tells the test who it is over the socket FLM_TEST_SOCKET, and then does what an argument
// of the form `rank:deed` or `all:deed` says.
import { readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { followLifeline } from "../../../dist/parallel/launch/lifeline.js";

const { RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT, FLM_SECRET_FILE } = process.env;
const deeds = process.argv
  .slice(2)
  .map((argument) => argument.split(":"))
  .filter(([who]) => who === RANK || who === "all")
  .map(([, deed]) => deed);

followLifeline(process.env, deeds.includes("short-grace") ? 0.1 : 30);

if (deeds.includes("ignore-signals")) process.on("SIGTERM", () => {});
if (deeds.includes("save-on-signal"))
  process.on("SIGTERM", () => {
    process.stderr.write("saving\n");
    process.exit(75);
  });

const socket = connect(process.env.FLM_TEST_SOCKET);
socket.write(
  `${JSON.stringify({
    RANK,
    WORLD_SIZE,
    LOCAL_RANK,
    MASTER_ADDR,
    MASTER_PORT,
    secret: readFileSync(FLM_SECRET_FILE, "utf8"),
    secret_mode: statSync(FLM_SECRET_FILE).mode & 0o777,
    command: readFileSync("/proc/self/cmdline", "utf8"),
    environment: readFileSync("/proc/self/environ", "utf8"),
  })}\n`,
);
// The test answers when it has heard all ranks.
socket.once("data", () => {
  process.stderr.write(`rank ${RANK} goes on\n`);
  if (deeds.includes("fail")) {
    process.stderr.write("error: token 70000 is not in the vocabulary\n");
    process.exit(65);
  }
  if (deeds.includes("leave")) process.exit(75);
  if (deeds.includes("kill")) process.kill(process.pid, "SIGKILL");
  if (deeds.includes("block")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (deeds.includes("finish")) process.exit(0);
});
