// Loaded before the program with `node --import`: makes some batches bad, on this process's rank alone.
// FLM_TEST_BATCHES names a file to which every step appends the name of its batch, the file and offset of its first
// piece; a rank's number is put behind the file's name. FLM_TEST_BAD lists batches by these names, with what is wrong with each:
//   0:1234=nan        its gradients are not finite
//   0:1234=loss       its loss is 50 nats
//   0:1234=gradient   its gradients are a million times as large
// A batch is bad whenever it comes: a run that goes back and reads it again meets it again.
import { appendFileSync } from "node:fs";

const bad = new Map(
  (process.env.FLM_TEST_BAD ?? "")
    .split(",")
    .filter((entry) => entry !== "")
    .map((entry) => entry.split("=")),
);

const log = process.env.FLM_TEST_BATCHES;

/** What a step is given instead: weights of the rows with which the fault comes about in the engine itself. */
function spoiled(kind, input, rows) {
  const weight = { nan: Number.NaN, loss: 1e-3, gradient: 1e6 }[kind];
  return {
    ...input,
    row_weights: new Float64Array(rows).fill(weight),
    loss: kind === "loss" ? 50 : 3,
  };
}

function wrapEngine(engine) {
  const rowsOf = (pieces) => Math.max(...pieces.filter((_, i) => i % 5 === 0)) + 1;
  return new Proxy(engine, {
    get(target, name) {
      if (name !== "step") {
        const value = target[name];
        return typeof value === "function" ? value.bind(target) : value;
      }
      return (input) => {
        const batch = `${input.pieces[1]}:${input.pieces[2]}`;
        if (log) appendFileSync(`${log}.${process.env.RANK ?? 0}`, `${batch}\n`);
        const kind = bad.get(batch);
        return target.step(kind ? spoiled(kind, input, rowsOf(input.pieces)) : input);
      };
    },
  });
}

function wrapBinding(binding) {
  return new Proxy(binding, {
    get(target, name) {
      const value = target[name];
      if (name !== "createEngine") return typeof value === "function" ? value.bind(target) : value;
      return async (...args) => wrapEngine(await value.apply(target, args));
    },
  });
}

const open = process.dlopen;
process.dlopen = (module, ...rest) => {
  open.call(process, module, ...rest);
  if ("createEngine" in module.exports) module.exports = wrapBinding(module.exports);
};
