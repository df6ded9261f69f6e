// Builds and runs the native bench program; arguments are handed on: npm run bench -- --json
import { join } from "node:path";
import { root } from "./support/files.mjs";
import { buildNative } from "./support/native.mjs";
import { run } from "./support/tools.mjs";

const status = buildNative("build-native", {}, ["flm_native_bench"]);
process.exit(status || run(join(root, "build-native", "flm_native_bench"), process.argv.slice(2)));
