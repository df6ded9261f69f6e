// Times decoding on the CPU against what the memory gives, and against llama.cpp, in turns within one run. How to read
// it: bench/README.md. Needs the built addon, dist/ and flm_read_bandwidth (CMake target); --help lists the options.
//   node bench/generate/main.mjs [--shape llama-124m]... [--precision f32]... [--llama FOLDER] [--out FILE]
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Contender } from "../step/contender.mjs";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { median, takeTurns } from "../step/measure.mjs";
import { generationOptions } from "./options.mjs";
import { bytesPerToken, SHAPES } from "./shapes.mjs";

const { shape, precision, rounds, warmup, threads, llama, bandwidth, out } = generationOptions();
const machine = describeMachine();
const results = [];
for (const name of shape)
  for (const each of precision) {
    const result = await measure(name, each);
    results.push(result);
    print(result);
  }
if (!machine.quiet)
  console.log(
    `The machine was busy before this began (${(100 * machine.busy_before).toFixed(0)} % of the processors): only the ` +
      "shares and the ratio mean something.",
  );
if (out !== undefined) {
  mkdirSync(dirname(resolve(out)), { recursive: true });
  const protocol = { rounds, warmup, threads, order: "in turns, rotated" };
  const made = { date: new Date().toISOString(), commit: describeCommit() };
  writeFileSync(out, `${JSON.stringify({ ...made, machine, protocol, results }, null, 2)}\n`);
}

async function measure(name, precision) {
  const shape = SHAPES[name];
  const job = { shape, precision, threads, folder: llama && resolve(llama) };
  const node = (file) => [process.execPath, [join(import.meta.dirname, file)]];
  const memory = new Contender("memory", resolve(bandwidth), [], threads);
  const ours = new Contender("flm-train", ...node("ours.mjs"), job);
  const theirs = llama === undefined ? null : new Contender("llama.cpp", ...node("llama.mjs"), job);
  const all = [memory, ours, ...(theirs === null ? [] : [theirs])];
  try {
    const hello = {};
    for (const contender of all) hello[contender.name] = await contender.hello();
    const steps = await takeTurns(all, {
      rounds,
      warmup,
      onFailure(contender, error) {
        if (contender !== theirs) throw error;
        console.error(error.message);
      },
      onRound: (round) => console.error(`${name} ${precision}: round ${round} of ${rounds}`),
    });
    const read = steps.get(memory).map(({ ms }) => hello.memory.bytes / ms / 1e6);
    const contenders = all
      .filter((contender) => contender !== memory && steps.has(contender))
      .map((contender) =>
        summarise(contender.name, steps.get(contender), { shape, precision, read }),
      );
    const { rows } = await ours.ask("trace");
    return {
      ...{ shape: name, precision, contenders_are: hello },
      read_gigabytes_per_second: { median: median(read), best: Math.max(...read), rounds: read },
      contenders,
      // Round by round, so that what disturbs the machine disturbs both.
      ratio: contenders.length < 2 ? null : median(ratios(contenders)),
      trace: rows,
    };
  } finally {
    await Promise.all(all.map((contender) => contender.close()));
  }
}

function summarise(name, steps, { shape, precision, read }) {
  const ms_per_token = steps.map(({ ms }) => ms / shape.tokens);
  // Of each round against what the memory gave in that round.
  const shares = steps.map(({ length }, i) => {
    const floor_ms = bytesPerToken(shape, precision, length) / read[i] / 1e6;
    return floor_ms / ms_per_token[i];
  });
  return {
    name,
    tokens_per_second: 1000 / median(ms_per_token),
    share_of_bandwidth: median(shares),
    ms_per_token,
    shares,
  };
}

function ratios([ours, theirs]) {
  return ours.ms_per_token.map((ms, i) => theirs.ms_per_token[i] / ms);
}

function print({ shape, precision, read_gigabytes_per_second, contenders, ratio, trace }) {
  const percent = (share) => `${(100 * share).toFixed(0)} %`;
  console.log(
    `${shape}, ${precision}: the memory gives ${read_gigabytes_per_second.median.toFixed(1)} GB/s`,
  );
  for (const { name, tokens_per_second, share_of_bandwidth } of contenders)
    console.log(
      `  ${name.padEnd(10)} ${tokens_per_second.toFixed(1).padStart(7)} tokens/s  ` +
        `${percent(share_of_bandwidth)} of what the memory allows`,
    );
  if (ratio !== null) console.log(`  ${ratio.toFixed(2)} x llama.cpp`);
  for (const { op, calls, ms } of trace)
    console.log(
      `  ${op.padEnd(18)} ${calls.toFixed(0).padStart(4)} calls ${ms.toFixed(3).padStart(8)} ms`,
    );
}
