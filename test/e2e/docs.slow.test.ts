import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { corpus } from "./support/corpus.ts";
import { blocksOf, readDocument } from "./support/documents.ts";

// Every command of these pages runs here, in order, as a reader would type it. Only the size of what is trained is another.
const ROOT = join(import.meta.dirname, "../..");
const LIMIT_MS = 240_000;
const DOCUMENTS = 12;

/** What makes a training of so many stages take a second. */
function small(stages: number): string[] {
  const keys = { tokens: 640, global_batch_size: 4, warmup_steps: 1 };
  return [
    "model.seq_length=32",
    "growth.ramp_steps=2",
    ...Array.from({ length: stages }, (_, i) =>
      Object.entries(keys).map(([key, value]) => `stages.${i}.${key}=${value}`),
    ).flat(),
  ];
}

/** For the config that `flm-train init` writes. */
const SMALL_STARTER = [...small(3), "tokenizer.vocab_size=300", "eval.sample_tokens=4"];

interface Page {
  directory: string;
  path(name: string): string;
}

/** A directory with text, packages, and an `npx` that finds this package and makes its configs small. */
function page(sets: readonly string[]): Page {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "flm-docs-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = (name: string) => join(directory, name);
  mkdirSync(path("bin"));
  mkdirSync(path("data"));
  const lines = corpus(DOCUMENTS).trimEnd().split("\n");
  for (const [i, line] of lines.entries()) {
    const { text } = JSON.parse(line) as { text: string };
    writeFileSync(path(`data/${i}.txt`), text);
    mkdirSync(path(`node_modules/package-${i}`), { recursive: true });
    writeFileSync(path(`node_modules/package-${i}/README.md`), text);
    writeFileSync(path(`node_modules/package-${i}/index.d.ts`), `// ${text}`);
  }
  symlinkSync(ROOT, path("node_modules/flm-train"));
  const overrides = sets.map((set) => `--set ${set}`).join(" ");
  writeFileSync(
    path("bin/npx"),
    `#!/bin/sh
shift
small=
for word in "$@"; do case "$word" in examples/*) ;; *.yaml) test -f "$word" && small="${overrides}" ;; esac; done
exec "${process.execPath}" "${join(ROOT, "dist/cli/main.js")}" "$@" $small
`,
  );
  chmodSync(path("bin/npx"), 0o755);
  return { directory, path };
}

/** Runs commands in one shell that stops at the first that fails. */
function shell({ directory, path }: Page, commands: string): void {
  const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", commands], {
    cwd: directory,
    env: { ...process.env, FLM_THREADS: "1", PATH: `${path("bin")}:${process.env.PATH}` },
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
  expect(status, `${commands}\n${stdout}\n${stderr}`).toBe(0);
}

/** Runs the TypeScript blocks of documents as one program, behind some commands. */
function runSnippets(where: Page, names: readonly string[], commands: string): void {
  const program = names.flatMap((name) => blocksOf(readDocument(name), "ts")).join("\n");
  writeFileSync(where.path("program.mts"), program);
  const tsx = join(ROOT, "node_modules/tsx/dist/cli.mjs");
  shell(where, `${commands}\n"${process.execPath}" "${tsx}" program.mts`);
}

const commandsOf = (name: string) => blocksOf(readDocument(name), "sh").join("\n");

/** What stands behind `flm-train` on the lines of plain blocks, without the remark after two spaces. */
function listedCommands(name: string): string[] {
  return [...readDocument(name).matchAll(/^flm-train (.+?)(?: {2,}.*)?$/gm)].map(
    ([, command]) => command!,
  );
}

describe("the commands of the documents work, in order:", { timeout: LIMIT_MS }, () => {
  it("quickstart.md", () => {
    shell(page(SMALL_STARTER), commandsOf("quickstart.md"));
  });

  it("growing.md, with its configs", () => {
    const growing = page(small(2));
    const [stages, vocabulary] = blocksOf(readDocument("growing.md"), "yaml");
    writeFileSync(growing.path("grow.yaml"), stages!);
    // The text here has few words.
    writeFileSync(
      growing.path("vocabulary.yaml"),
      vocabulary!.replace("vocab_size: 512", "vocab_size: 280"),
    );
    shell(growing, commandsOf("growing.md"));
  });

  it("parallel.md, with its config", () => {
    const tokens = [0, 1].map((stage) => `stages.${stage}.tokens=6144`);
    const parallel = page([...tokens, "data.validation.fraction=0.2"]);
    const [config] = blocksOf(readDocument("parallel.md"), "yaml");
    writeFileSync(parallel.path("parallel.yaml"), config!);
    mkdirSync(parallel.path("docs"));
    for (let i = 0; i < DOCUMENTS; i++)
      copyFileSync(parallel.path(`data/${i}.txt`), parallel.path(`docs/${i}.md`));
    shell(parallel, commandsOf("parallel.md"));
  });

  it("the lists of evaluation.md, export.md, planning.md and data.md, after a run", () => {
    const using = page(SMALL_STARTER);
    writeFileSync(using.path("README.md"), "the sea shells that she sells\n");
    writeFileSync(
      using.path("questions.jsonl"),
      JSON.stringify({ question: "Who sells?", choices: ["she", "a stone"], answer: 0 }),
    );
    symlinkSync(join(ROOT, "examples"), using.path("examples"));
    mkdirSync(using.path("runs"));
    // Runs that the documents give names of their own.
    for (const name of ["small", "instruct"]) symlinkSync("quickstart", using.path(`runs/${name}`));
    const names = ["evaluation.md", "export.md", "planning.md", "data.md"];
    // What makes several runs, or reads them, is run by plan-sweep.slow.test.ts.
    const lists = names.flatMap(listedCommands).filter((each) => !/^(sweep|fit) /.test(each));
    expect(lists).toHaveLength(11);
    const commands = ["init", "config.yaml --out runs/quickstart", ...lists];
    commands.push("data inspect config.yaml", "tokenize config.yaml");
    shell(using, commands.map((command) => `npx flm-train ${command}`).join("\n"));
    // The same by the API: what was exported and imported is made once more.
    runSnippets(using, ["evaluation.md", "export.md"], "rm -r exported-gguf runs/imported");
  });

  it("errors.md", () => {
    const errors = page([]);
    shell(errors, `npx flm-train init\n${commandsOf("errors.md")}`);
  });

  it("troubleshooting.md, after a run", () => {
    shell(
      page(SMALL_STARTER),
      `npx flm-train init\nnpx flm-train config.yaml\n${commandsOf("troubleshooting.md")}`,
    );
  });

  it("api.md, whose snippets are one program", () => {
    runSnippets(page([]), ["api.md"], "npx flm-train init");
  });
});
