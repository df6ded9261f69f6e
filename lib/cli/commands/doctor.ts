import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { Command } from "commander";
import { ExitCode, FlmError } from "../../errors.ts";
import { type NativeAttempt, tryLoadNative } from "../../native/load.ts";
import type { DeviceInfo, NativeBinding, NcclFacts } from "../../native/types.ts";
import { detectLaunch } from "../../parallel/launch/detect.ts";
import { version } from "../../version.ts";
import { bytes } from "../../format.ts";
import { gpusFor } from "../gpus.ts";

/** One finding: what was looked at, whether it is in order, and what to do where it is not. */
interface Check {
  name: string;
  ok: boolean;
  found: string;
  remedy: string | null;
}

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("what this machine has, what is missing and how to get it")
    .option("--json", "print one result object on stdout")
    .addHelpText("after", "\nExample:\n  flm-train doctor")
    .action(run);
}

async function run(options: { json?: boolean }): Promise<void> {
  const checks = [...machine(), launcher(), ...addon(), ...tools(), await nvcc()];
  // Nothing trains without it; whatever else is missing only narrows what there is.
  if (tryLoadNative().binding === null) process.exitCode = ExitCode.environment;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ status: "done", version, checks })}\n`);
    return;
  }
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, ok, found, remedy } of checks) {
    process.stdout.write(`${ok ? "ok     " : "missing"}  ${name.padEnd(width)}  ${found}\n`);
    if (!ok && remedy) process.stdout.write(`${" ".repeat(width + 11)}${remedy}\n`);
  }
}

function machine(): Check[] {
  return [
    { name: "flm-train", ok: true, found: version, remedy: null },
    {
      name: "node",
      ok: Number(process.versions.node.split(".")[0]) >= 20,
      found: process.versions.node,
      remedy: "install Node.js 20 or newer",
    },
    {
      name: "machine",
      ok: true,
      found: `${process.platform}-${process.arch}, ${availableParallelism()} cores, ${bytes(totalmem())}`,
      remedy: null,
    },
  ];
}

/** Where this process stands among several ranks. */
function launcher(): Check {
  const name = "launcher";
  try {
    return {
      name,
      ok: true,
      found: detectLaunch(process.env, { gpus: () => gpusFor("auto") }).reason,
      remedy: null,
    };
  } catch (error) {
    if (!(error instanceof FlmError)) throw error;
    return { name, ok: false, found: error.message, remedy: error.hint ?? null };
  }
}

function addon(): Check[] {
  const load = tryLoadNative();
  if (load.binding === null) {
    const tried = load.attempts.map(({ path, reason }) => `${path}: ${reason}`).join("; ");
    return [
      {
        name: "addon",
        ok: false,
        found: tried,
        remedy: "install g++, make and python3, then: npx flm-train build",
      },
    ];
  }
  const { devices, no_cuda_reason } = load.binding.devices();
  const gpu = devices.find(({ kind }) => kind === "cuda");
  return [
    { name: "addon", ok: true, found: load.path, remedy: null },
    ...load.attempts.filter(({ path }) => existsSync(path)).map(passedOver),
    ...devices.map((device) => ({
      name: `${device.kind} ${device.index}`,
      ok: true,
      found: `${device.name}, ${freeOf(load.binding, device)}${device.native_bf16 ? ", bf16" : ""}`,
      remedy: null,
    })),
    ...(gpu ? [nccl(load.binding.nccl(gpu.index))] : []),
    ...(no_cuda_reason === null
      ? []
      : [
          {
            name: "gpu",
            ok: false,
            found: no_cuda_reason,
            remedy:
              "for NVIDIA GPUs: install the driver and the CUDA toolkit, then: flm-train build --cuda",
          },
        ]),
  ];
}

/** An addon that is there, and of no use. */
function passedOver({ path, reason }: NativeAttempt): Check {
  return {
    name: "addon",
    ok: false,
    found: `${path}: ${reason}`,
    remedy: "flm-train build --cuda",
  };
}

function freeOf(native: NativeBinding, { kind, index, total_bytes }: DeviceInfo): string {
  try {
    return `${bytes(native.freeBytes(kind, index))} of ${bytes(total_bytes)} free`;
  } catch (error) {
    if (!(error instanceof FlmError)) throw error;
    return `${bytes(total_bytes)}, not to be had now: ${error.message}`; // such as in exclusive use
  }
}

/** Only needed by several ranks with a GPU each. */
function nccl({ version, reason }: NcclFacts): Check {
  return {
    name: "nccl",
    ok: version !== null,
    found: version ?? reason!.split("\n")[0]!,
    remedy: "pip install nvidia-nccl-cu13, or name libnccl.so.2 in FLM_NCCL_LIB",
  };
}

/** Only needed to build from source. */
function tools(): Check[] {
  // As scripts/support/addon.mjs looks for them.
  const compiler = process.env.CXX?.split(" ")[0] ?? "c++";
  const build = "apt-get install -y g++ make python3 (to build the addon from source)";
  const remedies: [command: string, remedy: string][] = [
    [compiler, build],
    ["make", build],
    ["python3", build],
    ["cmake", "apt-get install -y cmake (to build the CUDA addon)"],
  ];
  return remedies.map(([command, remedy]) => {
    const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
    const lines = (stdout ?? "").trim().split("\n");
    return {
      name: command,
      ok: status === 0,
      found: status === 0 ? lines[0]! : "not found",
      remedy,
    };
  });
}

/** What `build --cuda` looks for it with. */
interface NvccSearch {
  installedNvccs(): { path: string; version: [major: number, minor: number] | null }[];
  chooseNvcc(installed: ReturnType<NvccSearch["installedNvccs"]>, forAll: boolean): NvccChoice;
}
type NvccChoice = { nvcc?: ReturnType<NvccSearch["installedNvccs"]>[number] };

async function nvcc(): Promise<Check> {
  const script = new URL("../../../scripts/support/nvcc.mjs", import.meta.url);
  const { installedNvccs, chooseNvcc } = (await import(script.href)) as NvccSearch;
  const installed = installedNvccs();
  const chosen = chooseNvcc(installed, true).nvcc;
  const listed = (chosen ? [chosen] : installed).map(
    ({ path, version }) => `CUDA ${version?.join(".") ?? "of unknown version"}, ${path}`,
  );
  return {
    name: "nvcc",
    ok: chosen !== undefined,
    found: listed.join("; ") || "not found",
    remedy: "install NVIDIA's CUDA toolkit 12.8 or newer (to build the CUDA addon)",
  };
}
