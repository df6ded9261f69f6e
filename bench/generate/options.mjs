// The command line of the generation benchmark.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../../scripts/support/files.mjs";
import { BYTES_PER_VALUE, SHAPES } from "./shapes.mjs";

const PRECISIONS = Object.keys(BYTES_PER_VALUE);
const HELP = `node bench/generate/main.mjs [options]
  --shape NAME       ${Object.keys(SHAPES).join(" | ")}; repeatable (default llama-124m)
  --precision NAME   ${PRECISIONS.join(" | ")}; repeatable (default f32 and bf16)
  --rounds N         of each side (default 20)
  --warmup N         rounds before them (default 3)
  --threads N        of each side (default ${availableParallelism()})
  --llama FOLDER     has node-llama-cpp installed (default: llama.cpp is not timed)
  --bandwidth FILE   flm_read_bandwidth (default build-native/flm_read_bandwidth)
  --out FILE         results as JSON (default: none are written)`;

/** Ends the process with the usage text where the command line is wrong, or asks for it. */
export function readOptions() {
  const list = (value) => ({ type: "string", multiple: true, default: value });
  const text = (value) => ({ type: "string", ...(value !== undefined && { default: value }) });
  try {
    const { values } = parseArgs({
      options: {
        shape: list(["llama-124m"]),
        precision: list(["f32", "bf16"]),
        rounds: text("20"),
        warmup: text("3"),
        threads: text(String(availableParallelism())),
        llama: text(),
        bandwidth: text(join(root, "build-native/flm_read_bandwidth")),
        out: text(),
        help: { type: "boolean" },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    oneOf("shape", values.shape, Object.keys(SHAPES));
    oneOf("precision", values.precision, PRECISIONS);
    for (const key of ["rounds", "warmup", "threads"]) values[key] = count(key, values[key]);
    return values;
  } catch (error) {
    console.error(`${error.message}\n${HELP}`);
    process.exit(64);
  }
}

function oneOf(key, chosen, known) {
  for (const name of chosen)
    if (!known.includes(name))
      throw new Error(`--${key} is ${name}; it must be one of ${known.join(", ")}`);
}

function count(key, value) {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`--${key} is ${value}; it must be a whole number from 1 on`);
  return number;
}
