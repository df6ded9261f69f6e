// Breaks the CUDA kernels in one place at a time (mutants.json) and demands that an emulated build notices.
//   node test/native/emulation/mutants.mjs SCRATCH_DIR [part of a file name]
// Works on a copy in SCRATCH_DIR; about 20 seconds a mutant. Ends with "N found, N missed"; exit code 1 when one
// was missed. A mutant: { file, what, from, to, test }, where `from` occurs once in native/cuda/<file> and
// `test` is the name filter of the tests that should notice.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../../..");
const [scratchArgument, only = ""] = process.argv.slice(2);
if (scratchArgument === undefined) {
  console.error("usage: mutants.mjs SCRATCH_DIR [part of a file name]");
  process.exit(64);
}
const scratch = resolve(scratchArgument);
const tree = join(scratch, "tree");
const build = join(scratch, "build");
const programs = ["cuda_emulated", "cuda_emulated_race", "cuda_emulated_asan"];
const runLimitMs = 600_000; // a broken kernel may also never end

/** What a program says about the kernels as they are now, or null when it finds nothing wrong. */
function complaint(program, test) {
  const made = spawnSync("cmake", ["--build", build, "--target", program], { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`${program} does not compile:\n${made.stdout}`);
  const run = spawnSync(join(build, program), [test], { encoding: "utf8", timeout: runLimitMs });
  if (run.status === 0) return null;
  const lines = (run.stdout + run.stderr).split("\n");
  const telling =
    /flm emulation|SUMMARY|runtime error|values are wrong|bits depend|expected|FAILED/;
  return (
    lines.find((line) => telling.test(line)) ?? `ended with ${run.status ?? run.signal}`
  ).trim();
}

rmSync(tree, { recursive: true, force: true });
mkdirSync(join(tree, "test"), { recursive: true });
cpSync(join(root, "native"), join(tree, "native"), { recursive: true });
cpSync(join(root, "test/native"), join(tree, "test/native"), { recursive: true });
execFileSync("cmake", ["-S", join(tree, "test/native/emulation"), "-B", build], {
  stdio: "ignore",
});

const mutants = JSON.parse(readFileSync(join(here, "mutants.json"), "utf8"))
  .filter((mutant) => mutant.file.includes(only))
  .map((mutant) => {
    const path = join(tree, "native/cuda", mutant.file);
    const text = readFileSync(path, "utf8");
    const places = text.split(mutant.from).length - 1;
    if (places !== 1)
      throw new Error(`${mutant.file}: "${mutant.from}" occurs ${places} times, not once`);
    return { ...mutant, path, text };
  });

let found = 0;
let missed = 0;
for (const mutant of mutants) {
  const { path, text } = mutant;
  writeFileSync(
    path,
    text.replace(mutant.from, () => mutant.to),
  );
  let said = null;
  let by = "";
  for (const program of programs) {
    by = program;
    said = complaint(program, mutant.test);
    if (said !== null) break;
  }
  writeFileSync(path, text);
  if (said === null) ++missed;
  else ++found;
  console.log(`${mutant.file}: ${mutant.what}\n    ${said === null ? "MISSED" : `${by}: ${said}`}`);
}
console.log(`${found} found, ${missed} missed`);
process.exit(missed > 0 ? 1 : 0);
