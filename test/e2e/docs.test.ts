import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { randomFrom } from "./support/random.ts";
import { blocksOf, readDocument } from "./support/documents.ts";

// Every command of these pages runs here, in order, as a reader would type it. Only the size of what is trained is another.
const ROOT = join(import.meta.dirname, "../..");
const LIMIT_MS = 240_000;

/** Keys that make a training of the pages take a second; those that a config lacks do no harm elsewhere. */
const SMALL_STARTER = [
  "tokenizer.vocab_size=300",
  "model.seq_length=32",
  ...[0, 1, 2].flatMap((stage) => [
    `stages.${stage}.tokens=640`,
    `stages.${stage}.global_batch_size=4`,
    `stages.${stage}.warmup_steps=1`,
  ]),
  "growth.ramp_steps=2",
  "eval.sample_tokens=4",
];
const SMALL_GROWTH = [
  "model.seq_length=32",
  ...[0, 1].flatMap((stage) => [
    `stages.${stage}.tokens=640`,
    `stages.${stage}.global_batch_size=4`,
    `stages.${stage}.warmup_steps=1`,
  ]),
  "growth.ramp_steps=2",
];

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
  const random = randomFrom(1);
  const WORDS = ["the", "sea", "shells", "she", "sells", "are", "by", "a", "stone", "there"];
  for (let file = 0; file < 12; file++) {
    const words = Array.from({ length: 120 }, () => WORDS[Math.floor(random() * WORDS.length)]!);
    writeFileSync(path(`data/${file}.txt`), `${words.join(" ")}.\n`);
    mkdirSync(path(`node_modules/package-${file}`), { recursive: true });
    writeFileSync(path(`node_modules/package-${file}/README.md`), `${words.join(" ")}.\n`);
  }
  symlinkSync(ROOT, path("node_modules/flm-train"));
  const overrides = sets.map((set) => `--set ${set}`).join(" ");
  writeFileSync(
    path("bin/npx"),
    `#!/bin/sh
shift
small=
for word in "$@"; do case "$word" in *.yaml) test -f "$word" && small="${overrides}" ;; esac; done
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

const commandsOf = (name: string) => blocksOf(readDocument(name), "sh").join("\n");

describe("the commands of the documents work, in order:", { timeout: LIMIT_MS }, () => {
  it("quickstart.md", () => {
    shell(page(SMALL_STARTER), commandsOf("quickstart.md"));
  });

  it("growing.md, with its config", () => {
    const growing = page(SMALL_GROWTH);
    const [config] = blocksOf(readDocument("growing.md"), "yaml");
    writeFileSync(growing.path("grow.yaml"), config!);
    shell(growing, commandsOf("growing.md"));
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
    const api = page([]);
    const program = blocksOf(readDocument("api.md"), "ts").join("\n");
    writeFileSync(api.path("program.mts"), program);
    const tsx = join(ROOT, "node_modules/tsx/dist/cli.mjs");
    shell(api, `npx flm-train init\n"${process.execPath}" "${tsx}" program.mts`);
  });
});
