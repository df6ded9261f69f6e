// Runs test suites and ends with "N passed, N failed" alone on the last line.
//   node scripts/test.mjs            the quick suites: `npm test`
//   node scripts/test.mjs --slow     the slow suites: `npm run test:slow`
//   node scripts/test.mjs native     the named suites only: `npm test native`
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./support/files.mjs";
import { buildNative } from "./support/native.mjs";
import { lesserInstructionSets } from "./support/instruction-sets.mjs";
import { countTests } from "./support/totals.mjs";
import { jobs, resolveInPackage, run } from "./support/tools.mjs";

const BROKEN_BUILD = { passed: 0, failed: 1 };

const SUITES = {
  // These share modules and no state: loading each module once halves their time.
  lib: () => vitest(["--no-isolate", "test/arch", "test/scripts", "test/lib"]),
  // The rooms as the addon has them, which has just been built: no source is compiled twice.
  native: () => native("build-native", fromAddon()),
  addon: () => vitest(["test/addon", "test/distributed", "test/e2e"]),
};

const SLOW_SUITES = {
  slow: () => vitest([], { FLM_TEST_SLOW: "1" }),
  emulation: () => emulation(["cuda_emulated"]),
  instruction_sets: () => instructionSets(),
  address: () => native("build-address", { FLM_SANITIZE: "address" }),
  thread: () => native("build-thread", { FLM_SANITIZE: "thread" }),
  emulation_checked: () => emulation(["cuda_emulated_asan", "cuda_emulated_race"]),
};

function vitest(folders, env = {}) {
  const program = join(resolveInPackage("vitest/package.json"), "..", "vitest.mjs");
  return countTests(process.execPath, [program, "run", "--passWithNoTests", ...folders], env);
}

/** The addon's objects instead of its sources; none where it came without them, as a prebuilt one does. */
function fromAddon() {
  const objects = join(root, "build/Release/obj.target/flm");
  return { FLM_ROOM_OBJECTS: existsSync(objects) ? objects : "" };
}

async function native(directory, options, args = [], sets = [{}]) {
  if (buildNative(directory, options, ["flm_native_test"]) !== 0) return BROKEN_BUILD;
  const program = join(root, directory, "flm_native_test");
  return inTurn(sets.map((env) => () => inShards(program, args, env)));
}

/** The CPU backend as it is on older processors: with every instruction set below this machine's best. */
function instructionSets() {
  const sets = lesserInstructionSets().map((name) => ({ FLM_CPU_ISA: name }));
  return native("build-native", fromAddon(), ["--backend", "cpu"], sets);
}

/** The CUDA kernels on the CPU: plain, under AddressSanitizer, or under the race checker. */
async function emulation(programs) {
  const directory = "build-emulation";
  if (buildNative(directory, {}, programs, "test/native/emulation") !== 0) return BROKEN_BUILD;
  return inTurn(programs.map((name) => () => inShards(join(root, directory, name))));
}

/** Shares the tests of a native program out among processes: most of a test is its reference, on one thread. */
async function inShards(program, args = [], env = {}) {
  const shards = Array.from({ length: jobs }, (_, i) => ["--shard", `${i + 1}/${jobs}`]);
  return sum(
    await Promise.all(shards.map((shard) => countTests(program, [...args, ...shard], env))),
  );
}

async function inTurn(suites) {
  const all = [];
  for (const suite of suites) all.push(await suite());
  return sum(all);
}

function sum(counts) {
  const total = (key) => counts.reduce((before, count) => before + count[key], 0);
  return { passed: total("passed"), failed: total("failed") };
}

const names = process.argv.slice(2).filter((argument) => argument !== "--slow");
const all = { ...SUITES, ...SLOW_SUITES };
const unknown = names.filter((name) => !(name in all));
if (unknown.length > 0) {
  console.error(`no suite ${unknown.join(", ")}; there are ${Object.keys(all).join(", ")}`);
  process.exit(64);
}
const byDefault = process.argv.includes("--slow") ? SLOW_SUITES : SUITES;
const chosen = names.length > 0 ? names : Object.keys(byDefault);

const built = run(process.execPath, [join(root, "scripts", "install.mjs")]) === 0;
if (!built) console.log("the addon or dist/ could not be built");
const { passed, failed } = await inTurn(
  chosen.map((name) => () => {
    console.log(`\n== ${name}`);
    return all[name]();
  }),
);
const failures = failed + (built ? 0 : 1);
console.log(`${passed} passed, ${failures} failed`);
process.exit(failures > 0 ? 1 : 0);
