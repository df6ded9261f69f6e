import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { loadConfig } from "../../../lib/config/load.ts";
import { stringifyConfig } from "../../../lib/config/stringify.ts";
import { configFile, failure } from "./fixtures.ts";

const VALID = `name: demo
data: { sources: [{ path: text.txt }] }
stages:
  - { num_layers: 2, hidden_size: 64, num_attention_heads: 4, tokens: 400k }
  - num_layers: 4
    hidden_size: 64
    num_attention_heads: 4
    tokens: 400k
    lr: 1e-4
`;

const load = (text: string, sets: string[] = []) => loadConfig(configFile(text), { sets });
const lines = (text: string, sets: string[] = []) =>
  failure(() => load(text, sets)).issues.map(({ line, column, message }) => ({
    line,
    column,
    message,
  }));

test("a valid file loads", () => {
  const path = configFile(VALID);
  const loaded = loadConfig(path, { cwd: "/here" });
  expect(loaded.config.stages[1]!.lr).toBe(1e-4);
  expect(loaded.path).toBe(path);
  expect(loaded.run_dir).toBe("/here/runs/demo");
  expect(loadConfig(path, { cwd: "/here", out: "there" }).run_dir).toBe("/here/there");
});

test("positions of keys are known after loading, for checks that come later", () => {
  const { positionOf } = loadConfig(configFile(VALID), { sets: ["stages.1.lr=2e-4"] });
  expect(positionOf("stages.1.hidden_size")).toEqual({ line: 6, column: 18 });
  expect(positionOf("stages.1.growth.ramp_steps")).toEqual({ line: 5, column: 5 });
  expect(positionOf("stages.1.lr")).toBeUndefined();
});

describe("how a file is read", () => {
  const told = (content: string | Buffer) => failure(() => loadConfig(configFile(content)));

  test.each([
    ["UTF-16", Buffer.from(`\ufeff${VALID}`, "utf16le")],
    ["bytes of another encoding", Buffer.from("name: d\u00e9mo\n", "latin1")],
  ])("not as %s", (_, bytes) => {
    const { message, hint } = told(bytes);
    expect(message).toContain("is not UTF-8 text");
    expect(hint).toContain("save it as UTF-8");
  });

  test("with a mark of its encoding or without", () => {
    expect(load(`\ufeff${VALID}`).config.name).toBe("demo");
  });

  test("not where values are nested without end", () => {
    expect(told(`name: ${"[".repeat(20_000)}`).message).toContain("nested too deeply");
    const { message, hint } = told("model: &m { norm: *m }");
    expect(message).toContain("an alias holds itself");
    expect(hint).toContain("write the values out");
  });

  test("not with a pattern that YAML takes for an alias, whose place and remedy are told", () => {
    const sources = VALID.replace(
      "{ sources: [{ path: text.txt }] }",
      "{ sources: [{ path: **/*.txt }] }",
    );
    const { message, hint } = told(sources);
    expect(message).toMatch(/`\*\*\/\*\.txt` at line 2, column 27 is an alias to YAML/);
    expect(hint).toContain('"**/*.txt"');
  });

  test("not without the items of a list, and what an item looks like is told", () => {
    const sources = VALID.replace("[{ path: text.txt }]", "text.txt");
    expect(told(sources).message).toContain("write `- path: data/*.txt` below it");
  });

  test("an example that is meant to be the package's own comes with the data beside it", () => {
    const { code, hint } = failure(() => loadConfig("examples/quickstart.yaml", { cwd: "/tmp" }));
    expect(code).toBe("CONFIG_NOT_FOUND");
    const [, path] = /^cp -r (\S+) \. brings it here$/.exec(hint!)!;
    for (const file of ["quickstart.yaml", "data/propositions.jsonl"])
      expect(existsSync(resolve("/tmp", path!, file))).toBe(true);
    expect(failure(() => loadConfig("examples/none.yaml", { cwd: "/tmp" })).hint).toContain("init");
  });

  test("without merge keys", () => {
    const [, issue] = lines(
      `${VALID}growth: &g {}\nschedule: { <<: *g }\n`.replace("    tokens: 400k\n", ""),
    );
    expect(issue!.message).toMatch(/unknown key `<<`.*merge keys are not read; write the keys out/);
  });

  test("with lists as keys, which are unknown ones, and nothing else is printed", () => {
    const warned = vi.spyOn(process, "emitWarning");
    const [issue] = lines(`${VALID}? [a, b]\n: 3\n`);
    expect(issue!.message).toContain("unknown key `[ a, b ]`");
    expect(warned).not.toHaveBeenCalled();
  });
});

describe("issues", () => {
  test("an unknown key has its place and the nearest key", () => {
    const [issue] = lines(VALID.replace("    hidden_size", "    hiden_size"));
    expect(issue).toEqual({
      line: 6,
      column: 5,
      message: "unknown key `hiden_size` at line 6, column 5; did you mean `hidden_size`?",
    });
  });

  test.each([
    ["batch_size", "global_batch_size"],
    ["numHeads", "num_attention_heads"],
    ["kv_heads", "num_kv_heads"],
    ["ffn_size", "ffn_hidden_size"],
    ["num_layer", "num_layers"],
  ])("`%s` is %s, which has all its words", (written, meant) => {
    const [issue] = lines(VALID.replace("    hidden_size", `    ${written}: 1\n    hidden_size`));
    expect(issue!.message).toContain(`unknown key \`${written}\``);
    expect(issue!.message).toContain(`did you mean \`${meant}\`?`);
  });

  test.each([
    ["data.seed=1", "did you mean `seed` at the top level, in place of `data.seed`?"],
    ["data.path=x", "did you mean `data.sources[].path`?"],
    ["optimizer.type=adamw", "the keys here are lr, min_lr,"],
  ])("%s: of keys elsewhere with that name only the likely one is named", (set, remedy) => {
    expect(lines(VALID, [set])[0]!.message).toContain(remedy);
  });

  test("a key at the wrong level is sent to the right one", () => {
    const [issue] = lines(`lr: 3\n${VALID}`);
    expect(issue!.message).toBe(
      "unknown key `lr` at line 1, column 1; did you mean `optimizer.lr`?",
    );
  });

  test("a wrong value stands where the value is", () => {
    expect(lines(VALID.replace("num_layers: 4", "num_layers: four"))).toEqual([
      {
        line: 5,
        column: 17,
        message: 'stages.1.num_layers: must be a number, got "four" at line 5, column 17',
      },
    ]);
  });

  test.each([
    ["stages.1.num_layers=16385", "stages.1.num_layers: must be at most 16384, got 16385"],
    ["stages.1.ffn_hidden_size=1e11", "must be at most 16777216, got 100000000000"],
    ["model.seq_length=1e10", "model.seq_length: must be at most 16777216"],
    ["optimizer.adam_eps=1e-60", "optimizer.adam_eps: must be at least 1e-30, got 1e-60"],
  ])("a slip of the keys is told, not tried: %s", (set, problem) => {
    expect(failure(() => load(VALID, [set])).message).toContain(problem);
  });

  test("a missing key stands where its section is", () => {
    const [issue] = lines(VALID.replace("    tokens: 400k\n", ""));
    expect(issue).toMatchObject({ line: 5, column: 5 });
    expect(issue!.message).toContain("stages.1.tokens: is missing");
  });

  test("all are told, in the order of the file", () => {
    const text = VALID.replace("lr: 1e-4", "lr: 1e-9").replace("tokens: 400k }", "token: 4 }");
    const found = lines(`${text}checkpoint: { kep: 1 }\nmodle: {}\n`);
    expect(found.map((issue) => issue.line)).toEqual([4, 10, 11]);
    const { message } = failure(() => load(`${VALID}checkpoint: { kep: 1 }\nmodle: {}\n`));
    expect(message).toMatch(
      /config\.yaml has 2 problems:\n {2}- unknown key `kep`.*\n {2}- unknown/,
    );
  });

  test("a choice names the nearest", () => {
    const [issue] = lines(`${VALID}device: gpu\nprecision: bf-16\n`);
    expect(issue!.message).toContain('must be one of auto, cpu, cuda, got "gpu"');
    const [, second] = lines(`${VALID}device: gpu\nprecision: bf-16\n`);
    expect(second!.message).toContain("did you mean bf16?");
  });

  test("values behind an alias are found at their anchor", () => {
    const text = VALID.replace("lr: 1e-4", "growth: *g").replace(
      "name: demo",
      "name: demo\ngrowth: &g { ramp_steps: -1 }",
    );
    expect(lines(text)).toMatchObject([
      {
        line: 2,
        column: 26,
        message: expect.stringMatching(/^stages\.1\.growth\.ramp_steps: must/),
      },
      { line: 2, column: 26, message: expect.stringMatching(/^growth\.ramp_steps: must/) },
    ]);
  });
});

describe("files that are no config", () => {
  test.each([
    ["", "is empty"],
    ["# only a comment\n", "is empty"],
    ["- a\n- b\n", "must be a mapping of keys, but is a list"],
    ["hello", "must be a mapping of keys, but is a single value"],
    ["name: a\nname: b\n", "key `name` is given twice at line 2, column 1"],
    ["name: a\nmodel:\n\tfamily: flm\n", "a tab is used as indentation at line 3, column 1"],
    ["name: a\n---\nname: b\n", "a second document begins at line 2, column 1"],
    ["name: [a\nseed: 1\n", "not valid YAML at line"],
    ["name: *nothing\n", "is an alias to YAML"],
    ["model: &m { mup: *m }\n", "cannot be read"],
  ])("%j", (text, message) => {
    const error = failure(() => load(text));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain(message);
    expect(error.issues).toHaveLength(1);
  });

  test("a file that does not exist", () => {
    const error = failure(() => loadConfig("/nonexistent/config.yaml"));
    expect(error).toMatchObject({ code: "CONFIG_NOT_FOUND" });
    expect(error.message).toBe("there is no config file /nonexistent/config.yaml");
  });

  test("a directory", () => {
    const directory = join(dirname(configFile("")), "directory");
    mkdirSync(directory);
    const error = failure(() => loadConfig(directory));
    expect(error.code).toBe("CONFIG_NOT_FOUND");
    expect(error.message).toContain("is a directory");
  });
});

describe("--set", () => {
  const stage = (sets: string[]) => load(VALID, sets).config.stages[1]!;

  test.each<[string, (config: ReturnType<typeof load>["config"]) => unknown, unknown]>([
    ["stages.1.tokens=1.5M", (c) => c.stages[1]!.tokens, 1_500_000],
    ["optimizer.lr=3e-4", (c) => c.optimizer.lr, 3e-4],
    ["optimizer.clip_grad=null", (c) => c.optimizer.clip_grad, null],
    ["model.mup.base_hidden_size=32", (c) => c.model.mup?.base_hidden_size, 32],
    ["model.mup={ base_hidden_size: 16 }", (c) => c.model.mup?.base_hidden_size, 16],
    ["data.sources.0.path=/a/*.md", (c) => c.data.sources[0]!.path, ["/a/*.md"]],
    ["data.sources.0.path=[/a, /b]", (c) => c.data.sources[0]!.path, ["/a", "/b"]],
    ["data.sources.1.path=/b", (c) => c.data.sources[1]!.path, ["/b"]],
    ["eval.sample_prompt=Note: this = that", (c) => c.eval.sample_prompt, "Note: this = that"],
    ["eval.sample_prompt=*star", (c) => c.eval.sample_prompt, "*star"],
    ["eval.sample_prompt=issue #5 says", (c) => c.eval.sample_prompt, "issue #5 says"],
    ["eval.sample_prompt=# Title", (c) => c.eval.sample_prompt, "# Title"],
    ["eval.sample_prompt=&x y", (c) => c.eval.sample_prompt, "&x y"],
    ["eval.sample_prompt=!x y", (c) => c.eval.sample_prompt, "!x y"],
    ["eval.sample_prompt=&x 'y'", (c) => c.eval.sample_prompt, "&x 'y'"],
    ["eval.sample_prompt=--- x", (c) => c.eval.sample_prompt, "--- x"],
    ["eval.sample_prompt=|", (c) => c.eval.sample_prompt, "|"],
    ["eval.sample_prompt='#5' # a remark", (c) => c.eval.sample_prompt, "#5"],
    ["eval.sample_prompt='a': b", (c) => c.eval.sample_prompt, "'a': b"],
    ["eval.sample_prompt=", (c) => c.eval.sample_prompt, null],
    ["data.sources.0.path=[/a] # a remark", (c) => c.data.sources[0]!.path, ["/a"]],
    ["name='2024'", (c) => c.name, "2024"],
  ])("%s", (set, read, value) => {
    expect(read(load(VALID, [set]).config)).toEqual(value);
  });

  test("sets weights by the names of sources", () => {
    const text = VALID.replace(
      "{ path: text.txt }",
      "{ path: a, name: one }, { path: b, name: two }",
    );
    const weights = (...sets: string[]) => load(text, sets).config.stages[0]!.weights;
    expect(weights("stages.0.weights.one=60", "stages.0.weights.two=40")).toEqual([60, 40]);
    expect(lines(text, ["stages.0.weights.one.x=60"])[0]!.message).toContain("unknown key `x`");
    expect(lines(text, ["stages.0.weights.one=a"])[0]!.message).toContain("stages.0.weights");
  });

  test("changes an anchor, but not its aliases", () => {
    const text = VALID.replace("lr: 1e-4", "growth: *g").replace(
      "name: demo",
      "name: demo\ngrowth: &g { ramp_steps: 3 }",
    );
    const { config } = load(text, ["growth.ramp_steps=5"]);
    expect(config.growth.ramp_steps).toBe(5);
    expect(config.stages[1]!.growth.ramp_steps).toBe(3);
  });

  test.each([
    ["stages.tokens=1M", "did you mean `stages.0.tokens`? Items of a list are numbered from 0"],
    [
      "stages.-1.tokens=1M",
      "(from --set stages.-1.tokens=1M); items of a list are numbered from 0",
    ],
  ])("tells how items are named: %s", (set, remedy) => {
    expect(failure(() => load(VALID, [set])).message).toContain(remedy);
  });

  test("the last one wins", () => {
    expect(stage(["stages.1.lr=1e-3", "stages.1.lr=2e-3"]).lr).toBe(2e-3);
  });

  test.each([
    [
      "optimizer.lrr=3",
      "unknown key `lrr` in optimizer (from --set optimizer.lrr=3); did you mean `lr`?",
    ],
    ["stages.lr=3", "did you mean `stages.0.lr`?"],
    ["name.x=3", "nothing can be set below it"],
    ["stages.7.lr=3", "the list has 2 items"],
    ["stages.0", "needs a path and a value"],
    ["=3", "needs a path and a value"],
  ])("%s is refused", (set, message) => {
    expect(lines(VALID, [set])[0]!.message).toContain(message);
  });

  test("a wrong value is told as coming from --set, not from the file", () => {
    const [issue] = lines(VALID, ["stages.1.lr=-1"]);
    expect(issue).toEqual({
      line: undefined,
      column: undefined,
      message: "stages.1.lr: must be above 0, got -1 (from --set stages.1.lr=-1)",
    });
  });
});

test("what stringifyConfig writes loads as the same config", () => {
  const { config } = load(VALID);
  const text = stringifyConfig(config, "1.2.3");
  expect(text).toContain("flm-train 1.2.3");
  expect(load(text).config).toEqual(config);
});
