// The command line of the generation benchmark.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/support/files.mjs";
import { readOptions } from "../support/options.mjs";
import { BYTES_PER_VALUE, SHAPES } from "./shapes.mjs";

export function generationOptions() {
  return readOptions("node bench/generate/main.mjs", {
    shape: {
      value: "NAME",
      among: Object.keys(SHAPES),
      multiple: true,
      default: ["llama-124m"],
      help: "model",
    },
    precision: {
      value: "NAME",
      among: Object.keys(BYTES_PER_VALUE),
      multiple: true,
      default: ["f32", "bf16"],
      help: "of the weights",
    },
    rounds: { value: "N", least: 1, default: 20, help: "of each side" },
    warmup: { value: "N", least: 1, default: 3, help: "rounds before them" },
    threads: { value: "N", least: 1, default: availableParallelism(), help: "of each side" },
    llama: {
      value: "FOLDER",
      help: "has node-llama-cpp installed (default: llama.cpp is not timed)",
    },
    bandwidth: {
      value: "FILE",
      default: join(root, "build-native/flm_read_bandwidth"),
      help: "a CMake target",
    },
    out: { value: "FILE", help: "results as JSON (default: none are written)" },
  });
}
