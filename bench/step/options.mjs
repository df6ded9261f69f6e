// The command line of the step benchmark.
import { availableParallelism } from "node:os";
import { readOptions } from "../support/options.mjs";
import { SHAPES } from "./shapes.mjs";

const PRECISIONS = ["f32", "bf16"];
const AGAINST = ["eager", "compile"];

export function stepOptions() {
  const values = readOptions("node bench/step/main.mjs", {
    shape: {
      value: "NAME",
      among: Object.keys(SHAPES),
      multiple: true,
      default: ["9m"],
      help: "model and batch",
    },
    precision: {
      value: "NAME",
      among: PRECISIONS,
      multiple: true,
      default: PRECISIONS,
      help: "of products",
    },
    "state-precision": {
      value: "NAME",
      among: PRECISIONS,
      default: "f32",
      help: "of our AdamW's moments; PyTorch's are in f32",
    },
    recompute: {
      value: "NAME",
      among: ["none", "selective", "full"],
      default: "selective",
      help: "what our backward pass makes again instead of keeping it",
    },
    against: {
      value: "NAME",
      among: [...AGAINST, "none"],
      multiple: true,
      default: AGAINST,
      help: "PyTorch's forms",
    },
    rounds: { value: "N", least: 1, default: 10, help: "timed steps of each side" },
    warmup: { value: "N", least: 0, default: 3, help: "steps before them" },
    threads: { value: "N", least: 1, default: availableParallelism(), help: "of each side" },
    python: { value: "PROGRAM", default: "python3", help: "the interpreter that has torch" },
    out: { value: "FILE", help: "results as JSON (default: none are written)" },
  });
  return { ...values, against: values.against.filter((form) => form !== "none") };
}
