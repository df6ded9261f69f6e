import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { flm } from "./support/cli.ts";
import { type Expected, expectFailure } from "./support/failures.ts";
import { project } from "./support/project.ts";

const CONFIG = `name: tiny
device: cpu
model: { family: llama, seq_length: 32 }
data: { sources: [ { path: corpus.jsonl } ] }
stages:
  - num_layers: 2
    hidden_size: 32
    num_attention_heads: 2
    tokens: 1k
    global_batch_size: 4
`;

interface Case extends Partial<Expected> {
  what: string;
  /** Replaced in the file above. */
  replace?: [string, string];
  args?: readonly string[];
  env?: Record<string, string>;
}

const CASES: Case[] = [
  {
    what: "an unknown key",
    replace: ["hidden_size: 32", "hidden_sise: 32"],
    says: ["config.yaml", "hidden_sise", "line 7, column 5"],
    remedy: "did you mean `hidden_size`",
  },
  {
    what: "a value of the wrong type",
    replace: ["num_layers: 2", "num_layers: two"],
    says: ["stages.0.num_layers", /number.*"two"/, "line 6, column 17"],
    remedy: "must be",
  },
  {
    what: "a number of tokens that is none",
    replace: ["1k", "1 kilo"],
    says: ["stages.0.tokens", "1 kilo"],
    remedy: "400k, 1.5M",
  },
  {
    what: "keys that contradict each other",
    replace: ["num_attention_heads: 2", "num_attention_heads: 3"],
    says: ["stages.0.num_attention_heads", "3 does not divide hidden_size 32"],
    remedy: "model.head_size",
  },
  {
    what: "growth that would shrink",
    args: [
      "--set",
      "stages.1={num_layers: 1, hidden_size: 32, num_attention_heads: 2, tokens: 9k}",
    ],
    says: ["stages.1.num_layers", "shrink from 2", "to 1"],
    remedy: "use 2 or more",
  },
  {
    what: "text that is not YAML",
    replace: ["seq_length: 32 }", "seq_length: 32"],
    says: ["config.yaml", /line \d/],
    remedy: /line/,
  },
  {
    what: "an override of an unknown key",
    args: ["--set", "optimiser.lr=1"],
    says: ["optimiser", "--set optimiser.lr=1"],
    remedy: "did you mean `optimizer`",
  },
  {
    what: "an override without a value",
    args: ["--set", "seed"],
    says: ["--set seed"],
    remedy: "path=value",
  },
  {
    what: "more ranks than heads can be shared by",
    code: "CONFIG_INVALID",
    args: ["--set", "stages.0.parallel.tensor_parallel_size=3"],
    says: ["stages.0.parallel.tensor_parallel_size", "3 does not divide num_attention_heads 2"],
  },
  {
    what: "a smaller vocabulary of a tokenizer without merges",
    replace: ["- num_layers: 2", "- vocab_size: 512\n    num_layers: 2"],
    says: ["stages.0.vocab_size", "tokenizer.type bytes has none", "line 6, column 17"],
    remedy: "use null",
  },
  {
    what: "an unknown option",
    code: "USAGE",
    args: ["--epochs", "3"],
    says: ["--epochs"],
    remedy: "--help",
  },
  {
    what: "a number of threads that is none",
    code: "USAGE",
    env: { FLM_THREADS: "many" },
    says: ["FLM_THREADS", "many"],
    remedy: "whole number",
  },
  {
    what: "a GPU that is not there",
    exit: 78,
    code: "ENVIRONMENT",
    args: ["--set", "device=cuda"],
    // The CPU addon has no CUDA; a machine with a CUDA addon and a GPU must not find that GPU.
    env: { CUDA_VISIBLE_DEVICES: "" },
    says: ["device is cuda", "no usable GPU"],
    remedy: "device: cpu",
  },
];

describe("a config that cannot be run", () => {
  it.each(CASES)("$what", async ({ replace = ["", ""], args = [], env = {}, ...expected }) => {
    const { directory, run, write } = project();
    write("config.yaml", CONFIG.replace(...replace));
    await expectFailure(
      ["config.yaml", ...args],
      { cwd: directory, env },
      { exit: 64, code: "CONFIG_INVALID", says: [], remedy: "", ...expected },
    );
    expect(existsSync(run)).toBe(false);
  });

  it("that is not there is named", async () => {
    const { directory } = project();
    await expectFailure(
      ["absent.yaml"],
      { cwd: directory },
      { exit: 64, code: "CONFIG_NOT_FOUND", says: ["absent.yaml"], remedy: "flm-train init" },
    );
  });

  it("is explained on stderr, with nothing on stdout, without --json", async () => {
    const { directory } = project();
    const outcome = await flm(["absent.yaml"], { cwd: directory });
    expect(outcome).toEqual({
      code: 64,
      signal: null,
      stdout: "",
      stderr: expect.stringMatching(/^error: .*absent\.yaml\nhint: .*\n$/),
    });
  });
});
