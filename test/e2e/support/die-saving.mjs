// Loaded before the program with `node --import`: kills the rank that FLM_TEST_DIE names, as SIGKILL does, when its
// engine is to copy its state for a checkpoint that is written behind the steps. The others have begun that already.
import { loadNative } from "../../../dist/native/load.js";

const binding = loadNative();
const { createEngine } = binding;

binding.createEngine = async (...args) => {
  const engine = await createEngine(...args);
  if (process.env.RANK === process.env.FLM_TEST_DIE)
    Object.defineProperty(engine, "saveBehind", {
      value: () => process.kill(process.pid, "SIGKILL"),
    });
  return engine;
};
