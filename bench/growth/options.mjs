// The command line of the growth benchmark.
import { parseArgs } from "node:util";
import { parseTokenCount } from "../../dist/config/schema/token-count.js";

const HELP = `node bench/growth/main.mjs --list | --arm NAME [--seed N] | --next [--hours H]
  --list            every arm and seed: done, begun or missing, and about how long it takes
  --arm NAME        run this arm, or go on with it where it was stopped
  --seed N          with this seed (default 1)
  --next            run what is missing, the most important first
  --hours H         begin nothing that will not end within H hours; stop what has not (default: no limit)
to try the runner:
  --tokens N        tokens of a whole run, e.g. 100k
  --corpus GLOB     train on other text; repeatable
  --results DIR     where results go; runs go to DIR/runs (default bench/results/growth, runs/bench-growth)`;

/** Ends the process with the usage text where the command line is wrong, or asks for it. */
export function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        list: { type: "boolean" },
        arm: { type: "string" },
        seed: { type: "string", default: "1" },
        next: { type: "boolean" },
        hours: { type: "string", default: "Infinity" },
        tokens: { type: "string" },
        corpus: { type: "string", multiple: true },
        results: { type: "string" },
        help: { type: "boolean" },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    if ([values.list, values.arm, values.next].filter(Boolean).length !== 1)
      throw new Error("give one of --list, --arm and --next");
    const tokens = values.tokens === undefined ? undefined : parseTokenCount(values.tokens);
    if (values.tokens !== undefined && tokens === undefined)
      throw new Error(`--tokens is ${values.tokens}; it must be a number such as 100k or 2M`);
    const [seed, hours] = [Number(values.seed), Number(values.hours)];
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new Error(`--seed is ${values.seed}; it must be a whole number from 0 on`);
    if (!(hours > 0)) throw new Error(`--hours is ${values.hours}; it must be above 0`);
    return { ...values, seed, hours, tokens };
  } catch (error) {
    console.error(`${error.message}\n${HELP}`);
    process.exit(64);
  }
}
