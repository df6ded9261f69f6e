// Starts FLM_TEST_RANKS ranks that run the script FLM_TEST_SCRIPT, as the command line does for itself.
import { detectLaunch } from "../../../dist/parallel/launch/detect.js";
import { runLocalRanks } from "../../../dist/parallel/launch/local.js";

const { FLM_TEST_RANKS, FLM_TEST_SCRIPT, FLM_TEST_STOP_SECONDS } = process.env;

const { exit_code, message } = await runLocalRanks({
  count: Number(FLM_TEST_RANKS),
  launch: detectLaunch(process.env),
  command: [process.execPath, FLM_TEST_SCRIPT, ...process.argv.slice(2)],
  stderr: process.stderr,
  stop_seconds: Number(FLM_TEST_STOP_SECONDS ?? 30),
});
if (message !== null) process.stderr.write(`${message}\n`);
process.exitCode = exit_code;
