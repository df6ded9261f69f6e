// What the objectives are for, measured: FreeLM's teacher signal, and instruction tuning. What is compared and what came
// out: docs/objectives.md. Needs the built addon and dist/. Finished runs are kept in bench/results/objectives/ and not made
// again, unless what they train on has changed.
//   node bench/objectives/main.mjs [--seeds 1,2,3] [--only teacher|instruct]
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../../scripts/support/files.mjs";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { conversations, propositions, writeSources } from "./data.mjs";
import { baseConfig, CHAT, runInstruct, tuningConfig } from "./instruct.mjs";
import { ARMS, runTeacher, TEACHER, teacherConfig } from "./teacher.mjs";

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "1,2,3" }, only: { type: "string" } },
});
const RESULTS = join(root, "bench/results/objectives");
const WORK = join(root, "runs/bench-objectives");
const cache = join(WORK, "cache");

const teacher = propositions(TEACHER);
const chat = conversations(CHAT);
const sources = writeSources(join(WORK, "sources"), { teacher: teacher.train, chat: chat.train });

for (const seed of values.seeds.split(",").map(Number)) {
  if (values.only !== "instruct")
    for (const arm of ARMS)
      await once(`teacher-${arm}-s${seed}`, [TEACHER, teacherConfig(arm, "", "")], (options) =>
        runTeacher({ arm, seed, test: teacher.test, ...options }),
      );
  if (values.only !== "teacher")
    await once(
      `instruct-s${seed}`,
      [CHAT, baseConfig("", ""), tuningConfig("", "", "")],
      (options) => runInstruct({ seed, words: chat.test, ...options }),
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
  const before = process.cpuUsage();
  const result = await run({ sources, cache, out, onStep: progress(name) });
  const { user, system } = process.cpuUsage(before);
  const made = { date: new Date().toISOString(), commit: describeCommit() };
  mkdirSync(RESULTS, { recursive: true });
  const text = { name, hash, made, machine, cpu_seconds: (user + system) / 1e6, ...result };
  writeFileSync(`${path}.part`, `${JSON.stringify(text, null, 1)}\n`);
  renameSync(`${path}.part`, path);
  console.log(`${name}: ${JSON.stringify(result)}`);
}

function progress(name) {
  return ({ step, loss }) => {
    if (step % 100 === 0) console.error(`${name}  step ${step}  loss ${loss.toFixed(3)}`);
  };
}
