// An addon built with CUDA has to load where there is no driver, and to say why there is no GPU.
//   node scripts/check-cuda-addon.mjs build-nvcc/flm.node
import { createRequire } from "node:module";
import { resolve } from "node:path";

const path = process.argv[2];
if (path === undefined) {
  console.error("usage: node scripts/check-cuda-addon.mjs flm.node");
  process.exit(64);
}
const addon = createRequire(import.meta.url)(resolve(path));
const { devices, no_cuda_reason } = addon.devices();
const gpus = devices.filter(({ kind }) => kind === "cuda").map(({ name }) => name);
if (!addon.build.cuda) throw new Error(`${path} was built without CUDA`);
if (gpus.length === 0 && !no_cuda_reason)
  throw new Error(`${path} finds no GPU and does not say why`);
console.log(`${path}: ${gpus.length > 0 ? gpus.join(", ") : no_cuda_reason}`);
