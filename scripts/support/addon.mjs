// build/Release/flm.node: the CPU addon, compiled by node-gyp.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { root, walk } from "./files.mjs";
import { hashInputs, hasStamp, writeStamp } from "./stamp.mjs";
import { jobs, resolveInPackage, run, which } from "./tools.mjs";

export const addonFile = join(root, "build", "Release", "flm.node");
export const prebuiltFile = join(
  root,
  "prebuilds",
  `${process.platform}-${process.arch}`,
  "flm.node",
);

const MISSING_TOOL = 78;

/**
 * What the state of the addon calls for: null when a usable one is there, else a function that builds it.
 * @param {boolean} isAskedFor by a person, not by npm
 */
export function planAddon(isAskedFor) {
  const isClone = existsSync(join(root, "lib"));
  if (!isClone && loads(prebuiltFile)) return null;
  const inputs = walk(root, "native").filter((file) => !/\.cuh?$/.test(file));
  const facts = { node: process.versions.modules, arch: process.arch };
  const hash = hashInputs(["binding.gyp", ...inputs], facts);
  if (hasStamp("addon", hash) && existsSync(addonFile)) return null;
  return () => {
    const missing = missingTools();
    if (missing.length > 0) {
      reportMissing(missing);
      return isAskedFor ? MISSING_TOOL : 0;
    }
    const status = build();
    if (status === 0) writeStamp("addon", hash);
    // Who installs the package gets no addon but everything that needs none; who works on it must see the error.
    return isClone || isAskedFor ? status : 0;
  };
}

/** A prebuilt addon may need a newer C library than this machine has; only loading it tells. */
function loads(file) {
  return (
    existsSync(file) &&
    run(process.execPath, ["-e", "require(process.argv[1])", file], { quiet: true }) === 0
  );
}

/** Installed packages need none of their own: npm brings one and names it to what it runs, and it lies beside Node. */
function nodeGyp() {
  const script = "node-gyp/bin/node-gyp.js";
  const besideNode = join(dirname(dirname(process.execPath)), "lib/node_modules/npm/node_modules");
  return (
    resolveInPackage(script) ??
    process.env.npm_config_node_gyp ??
    [join(besideNode, script)].find((file) => existsSync(file)) ??
    null
  );
}

function missingTools() {
  const tools = [process.env.CXX?.split(" ")[0] ?? "c++", "make", "python3"].filter(
    (tool) => !which(tool),
  );
  return nodeGyp() ? tools : [...tools, "node-gyp"];
}

function reportMissing(missing) {
  const tools = missing.some((tool) => tool !== "node-gyp")
    ? "apt-get install -y g++ make python3 (Debian, Ubuntu) or dnf install gcc-c++ make python3 (Fedora, RHEL),\n  then "
    : "";
  const how = missing.includes("node-gyp") ? ", which finds npm's node-gyp" : "";
  console.error(`flm-train: the CPU addon was not built: ${missing.join(", ")} not found.
  Remedy: ${tools}npx flm-train build${how} (in a clone: npm run build).
  init, plan, doctor and --help work without it.`);
}

function build() {
  console.error("flm-train: compiling the CPU addon (a minute or two; later calls reuse it)");
  const compiler = process.env.CXX ?? "c++";
  const env =
    which("ccache") && !compiler.startsWith("ccache") ? { CXX: `ccache ${compiler}` } : {};
  const headers = headerArguments();
  const status = run(
    process.execPath,
    [nodeGyp(), "configure", "build", "--loglevel=error", ...headers, "-j", String(jobs)],
    { env, quiet: true },
  );
  if (status !== 0 && headers.length === 0)
    console.error(`flm-train: there are no headers of Node beside ${process.execPath}, so that node-gyp downloads them.
  Remedy without a network: npm_config_nodedir=DIR, a folder of Node ${process.versions.node} with include/node in it`);
  return status;
}

/** Node's own headers lie beside it in most installations; then node-gyp need not download them. */
function headerArguments() {
  if (process.env.npm_config_nodedir) return [`--nodedir=${process.env.npm_config_nodedir}`];
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, "include", "node", "common.gypi")) ? [`--nodedir=${prefix}`] : [];
}
