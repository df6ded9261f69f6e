// Works through wanted runs, several at once, and logs each as it ends; the command line of the benchmarks that do so.
import { rmSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join, resolve } from "node:path";
import { root } from "../../scripts/support/files.mjs";
import { describeCommit } from "../step/machine.mjs";
import { readOptions } from "../support/options.mjs";
import { configHash } from "./grid.mjs";
import { RunLog } from "./run-log.mjs";
import { trainRun } from "./train-run.mjs";

const MS_PER_MINUTE = 60e3;

/**
 * @param {string} name of the benchmark: results go to bench/results/NAME/runs.jsonl unless --results says otherwise
 * @param {{ config: object }[]} wanted what else is in an entry is logged with its result
 */
export async function runMissing(name, wanted) {
  const options = readOptions(`node bench/${name}/main.mjs`, {
    list: { help: "say how many runs are missing, and train none" },
    jobs: { value: "N", least: 1, default: availableParallelism(), help: "runs at a time" },
    minutes: { value: "M", above: 0, help: "stop then (default: when none is missing)" },
    results: {
      value: "FILE",
      default: join(root, "bench/results", name, "runs.jsonl"),
      help: "a line for each run",
    },
  });
  const log = new RunLog(resolve(options.results));
  const done = log.done();
  const waiting = wanted.filter(({ config }) => !done.has(configHash(config)));
  console.log(`${wanted.length - waiting.length} runs are there, ${waiting.length} are missing`);
  if (options.list) return;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  const timer = options.minutes
    ? setTimeout(() => stop.abort(), options.minutes * MS_PER_MINUTE)
    : undefined;
  const commit = describeCommit();
  const work = async () => {
    while (waiting.length > 0 && !stop.signal.aborted) {
      const { config, ...point } = waiting.shift();
      const out = join(root, "runs", `bench-${name}`, config.name);
      const result = await trainRun(config, out, stop.signal);
      rmSync(out, { recursive: true, force: true });
      if (result === null) return;
      const made = { date: new Date().toISOString(), commit, cpu: cpus()[0].model };
      log.append({ ...point, ...result, config_hash: configHash(config), ...made });
      console.log(`${config.name}  ${result.loss?.toFixed(4) ?? "diverged"}`);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  clearTimeout(timer);
  if (stop.signal.aborted) console.log("stopped; the same command goes on");
}
