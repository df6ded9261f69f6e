// The command line of the growth benchmark.
import { parseTokenCount } from "../../dist/config/schema/token-count.js";
import { readOptions } from "../support/options.mjs";

export function growthOptions() {
  const values = readOptions(
    "node bench/growth/main.mjs --list | --arm NAME [--seed N] | --next [--hours H]",
    {
      list: { help: "every arm and seed: done, begun or missing, and about how long it takes" },
      arm: { value: "NAME", help: "run this arm, or go on with it where it was stopped" },
      seed: { value: "N", least: 0, default: 1, help: "of that arm" },
      next: { help: "run what is missing, the most important first" },
      hours: {
        value: "H",
        above: 0,
        help: "begin nothing that will not end within H hours; stop what has not (default: no limit)",
      },
      tokens: { value: "N", help: "to try the runner: tokens of a whole run, e.g. 100k" },
      corpus: { value: "GLOB", multiple: true, help: "to try the runner: train on other text" },
      results: {
        value: "DIR",
        help: "where results go, and runs to DIR/runs (default bench/results/growth, runs/bench-growth)",
      },
    },
    check,
  );
  const { hours = Infinity, tokens } = values;
  return { ...values, hours, tokens: tokens && parseTokenCount(tokens) };
}

function check({ list, arm, next, tokens }) {
  if ([list, arm, next].filter(Boolean).length !== 1)
    throw new Error("give one of --list, --arm and --next");
  if (tokens !== undefined && parseTokenCount(tokens) === undefined)
    throw new Error(`--tokens is ${tokens}; it must be a number such as 100k or 2M`);
}
