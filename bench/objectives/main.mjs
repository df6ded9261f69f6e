// What the objectives are for, measured: FreeLM's teacher signal, and instruction tuning. What is compared and what came
// out: docs/objectives.md. Needs the built addon and dist/. Finished runs are kept in bench/results/objectives/ and not made
// again, unless what they train on has changed.
// --help lists the options.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "../../scripts/support/files.mjs";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { readOptions } from "../support/options.mjs";
import { chainInputs, runChain } from "./chain.mjs";
import { quickstart } from "./cli.mjs";
import { conversations, propositions, writeSources } from "./data.mjs";
import { CHAT, runInstruct, tuningConfig } from "./instruct.mjs";
import { ARMS, runTeacher, TEACHER, teacherConfig } from "./teacher.mjs";

const options = readOptions("node bench/objectives/main.mjs", {
  seeds: { value: "N,N", list: true, least: 0, default: "1,2,3", help: "of each kind of run" },
  only: {
    value: "NAME",
    among: ["teacher", "instruct", "chain"],
    help: "one kind (default: all)",
  },
  from: {
    value: "DIR",
    help: "a run of examples/quickstart.yaml to tune (default: one is made)",
  },
});
const RESULTS = join(root, "bench/results/objectives");
const WORK = join(root, "runs/bench-objectives");
const cache = join(WORK, "cache");

const teacher = propositions(TEACHER);
const chat = conversations(CHAT);
const sources = writeSources(join(WORK, "sources"), { teacher: teacher.train, chat: chat.train });

const wanted = (name) => options.only === undefined || options.only === name;
const base =
  wanted("instruct") || wanted("chain")
    ? quickstart(options.from && resolve(options.from), WORK)
    : "";
// Another model of the same example may answer otherwise.
const model =
  base && readFileSync(join(base, "metrics.jsonl"), "utf8").trimEnd().split("\n").at(-1);

for (const seed of options.seeds) {
  if (wanted("teacher"))
    for (const arm of ARMS)
      await once(`teacher-${arm}-s${seed}`, [TEACHER, teacherConfig(arm, "", "")], (options) =>
        runTeacher({ arm, seed, test: teacher.test, ...options }),
      );
  if (wanted("instruct"))
    await once(`instruct-s${seed}`, [CHAT, tuningConfig("", "", ""), model], (options) =>
      runInstruct({ seed, base, words: chat.test, ...options }),
    );
  if (wanted("chain"))
    await once(`chain-s${seed}`, [chainInputs(), model], (options) =>
      runChain({ seed, base, ...options }),
    );
}

/** Makes a run and writes its result down, where there is none of the same kind. */
async function once(name, decides, run) {
  const path = join(RESULTS, `${name}.json`);
  const hash = createHash("sha256").update(JSON.stringify(decides)).digest("hex").slice(0, 16);
  if (existsSync(path) && JSON.parse(readFileSync(path, "utf8")).hash === hash) {
    console.log(`${name}: is there`);
    return;
  }
  const out = join(WORK, `${name}-${hash}`);
  // What a stopped run has left is worth less than knowing that all of a result is of one commit.
  rmSync(out, { recursive: true, force: true });
  const machine = describeMachine();
  const start = performance.now();
  const result = await run({ sources, cache, out, onStep: progress(name) });
  const seconds = Math.round((performance.now() - start) / 1000);
  const made = { date: new Date().toISOString(), commit: describeCommit() };
  mkdirSync(RESULTS, { recursive: true });
  const text = { name, hash, made, machine, seconds, ...result };
  writeFileSync(`${path}.part`, `${JSON.stringify(text, null, 1)}\n`);
  renameSync(`${path}.part`, path);
  console.log(`${name}: ${JSON.stringify(result)}`);
}

function progress(name) {
  return ({ step, loss }) => {
    if (step % 100 === 0) console.error(`${name}  step ${step}  loss ${loss.toFixed(3)}`);
  };
}
