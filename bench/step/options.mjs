// The command line of the step benchmark.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { SHAPES } from "./shapes.mjs";

const PRECISIONS = ["f32", "bf16"];
const AGAINST = ["eager", "compile"];
const HELP = `node bench/step/main.mjs [options]
  --shape NAME       ${Object.keys(SHAPES).join(" | ")}; repeatable (default 9m)
  --precision NAME   ${PRECISIONS.join(" | ")}; repeatable (default both)
  --against NAME     ${AGAINST.join(" | ")} | none: PyTorch's forms; repeatable (default both)
  --rounds N         timed steps of each side (default 10)
  --warmup N         steps before them (default 3)
  --threads N        of each side (default ${availableParallelism()})
  --python PROGRAM   the interpreter that has torch (default python3)
  --out FILE         results as JSON (default: none are written)`;

/** Ends the process with the usage text where the command line is wrong, or asks for it. */
export function readOptions() {
  const text = (value) => ({ type: "string", ...(value !== undefined && { default: value }) });
  const list = (value) => ({ type: "string", multiple: true, default: value });
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        shape: list(["9m"]),
        precision: list(PRECISIONS),
        against: list(AGAINST),
        rounds: text("10"),
        warmup: text("3"),
        threads: text(String(availableParallelism())),
        python: text("python3"),
        out: text(),
        help: { type: "boolean" },
      },
    }));
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    oneOf("shape", values.shape, Object.keys(SHAPES));
    oneOf("precision", values.precision, PRECISIONS);
    oneOf("against", values.against, [...AGAINST, "none"]);
    values.against = values.against.filter((form) => form !== "none");
    for (const key of ["rounds", "threads"]) values[key] = count(key, values[key], 1);
    values.warmup = count("warmup", values.warmup, 0);
  } catch (error) {
    console.error(`${error.message}\n${HELP}`);
    process.exit(64);
  }
  return values;
}

function oneOf(key, chosen, known) {
  for (const name of chosen)
    if (!known.includes(name))
      throw new Error(`--${key} is ${name}; it must be one of ${known.join(", ")}`);
}

function count(key, value, least) {
  const number = Number(value);
  if (!Number.isInteger(number) || number < least)
    throw new Error(`--${key} is ${value}; it must be a whole number from ${least} on`);
  return number;
}
