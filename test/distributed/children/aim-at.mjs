// Loaded before the program with `node --import`: has one rank die, or stand still, at the first call of one C++
// function within the n-th step or save of its engines. No hook of JavaScript's gets there: a step is one native call.
//   FLM_TEST_AIM="2 step 12 flm::attention_bwd"   the rank, a method of its engines, which call of it, the function
//   FLM_TEST_TRAP=<path>                          trap.cpp, compiled; it says what else it has to be told
import { execFileSync } from "node:child_process";

const [rank, method, nth, target] = process.env.FLM_TEST_AIM.split(" ");
let calls = 0;

/** The address of the function in the addon's file, by its table of symbols. */
function addressOf(addon) {
  const lines = execFileSync("nm", ["-C", addon], { encoding: "utf8", maxBuffer: 1 << 28 });
  const found = lines
    .split("\n")
    .filter((line) => line.slice(19).startsWith(`${target}(`) && !line.endsWith(".cold]"));
  if (found.length !== 1) throw new Error(`${addon} has ${found.length} functions ${target}`);
  return found[0].slice(0, 16);
}

function setTrap(addon) {
  process.env.FLM_TEST_TRAP_ADDON = addon;
  process.env.FLM_TEST_TRAP_ADDRESS = addressOf(addon);
  process.dlopen({ exports: {} }, process.env.FLM_TEST_TRAP);
}

function watch(engine, addon) {
  const call = engine[method];
  const value = (...args) => {
    calls += 1;
    if (calls === Number(nth)) setTrap(addon);
    return call.apply(engine, args);
  };
  return Object.defineProperty(engine, method, { value });
}

const open = process.dlopen;
if (process.env.RANK === rank)
  process.dlopen = (module, path, ...rest) => {
    open(module, path, ...rest);
    const { createEngine } = module.exports;
    if (createEngine === undefined) return;
    const value = async (...args) => watch(await createEngine(...args), path);
    Object.defineProperty(module.exports, "createEngine", { value });
  };
