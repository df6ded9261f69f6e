#!/usr/bin/env bash
# Builds the native benchmarks with CUDA for the GPU of this machine and times training steps and single ops against
# PyTorch (torch.compile and eager, its flash attention, its fused AdamW), in turns within one run. Needs nvcc, CMake,
# python3 and a GPU; no Node, no network. Without PyTorch only our side is timed.
#   scripts/gpu-bench.sh [--out FILE] [--build DIR] [--limit SECONDS] [-- OPTIONS OF bench/gpu/turns.py]
# The result is JSON: $OUT/gpu-bench.json where OUT is set, else gpu-bench.json, unless --out names another file.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/scripts/gpu-env.sh"
out="${OUT:-.}/gpu-bench.json"
build="$root/build-gpu"
limit=480 # seconds for the measurement; what is done by then is kept
while (($#)); do
  case $1 in
    --out) out=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --limit) limit=$2; shift 2 ;;
    --) shift; break ;;
    *) echo "gpu-bench: unknown argument $1 (known: --out FILE, --build DIR, --limit SECONDS, -- OPTIONS)" >&2; exit 64 ;;
  esac
done

stop() {
  echo "gpu-bench: $1" >&2
  exit 1
}

query() {
  nvidia-smi --id="$gpu_id" --query-gpu="$1" --format=csv,noheader,nounits
}

command -v nvidia-smi > /dev/null || stop "no nvidia-smi: this machine has no NVIDIA driver"
command -v python3 > /dev/null || stop "no python3, which takes the turns"
capability=$(query compute_cap)
[[ $capability =~ ^[0-9]+\.[0-9]+$ ]] || stop "nvidia-smi names no GPU"
# Hopper's own instructions are in 90a; later generations run the code of their number.
architecture=${capability/./}
[[ $architecture == 90 ]] && architecture=90a
echo "gpu-bench: $(query name), driver $(query driver_version), architecture $architecture"

generator=()
command -v ninja > /dev/null && generator=(-G Ninja)
log="$build/gpu-bench.log"
mkdir -p "$build" "$(dirname "$out")"
if ! cmake -S "$root" -B "$build" "${generator[@]}" -DFLM_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=$architecture-real" > "$log" 2>&1 ||
  ! cmake --build "$build" --target flm_step_bench flm_op_bench -j "$(nproc)" >> "$log" 2>&1; then
  grep -nE "error|Error|undefined" "$log" | head -40
  tail -20 "$log"
  stop "the build failed, see $log"
fi
echo "gpu-bench: built in $SECONDS s"

# Clock, power and neighbours decide what a number means: they are noted before and after.
state() {
  query clocks.sm,clocks.max.sm,power.draw,power.limit,temperature.gpu,utilization.gpu,memory.used
}
before=$(state)
timeout "$limit" python3 -B "$root/bench/gpu/turns.py" --build "$build" --out "$out" --apart llama-1.5b "$@"
status=$?
[[ -s $out ]] || stop "the measurement ended with exit code $status and no result"
((status == 124)) && echo "gpu-bench: $limit s were not enough for all of it; what was done is in $out" >&2

GPU=$(query name) DRIVER=$(query driver_version) BEFORE=$before AFTER=$(state) STATUS=$status \
  COMMIT=${FLM_COMMIT:-$(git -C "$root" rev-parse --verify --quiet HEAD 2> /dev/null || echo unknown)} \
  python3 - "$out" << 'PYTHON'
import datetime, json, os, sys

path = sys.argv[1]
with open(path) as file:
    result = json.load(file)
names = "sm_mhz", "sm_mhz_max", "watts", "watts_limit", "celsius", "utilization_percent", "memory_used_mib"
machine = {"gpu": os.environ["GPU"], "driver": os.environ["DRIVER"]}
for when in "BEFORE", "AFTER":
    machine[when.lower()] = dict(zip(names, os.environ[when].split(", ")))
head = {
    "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    "commit": os.environ["COMMIT"],
    "complete": os.environ["STATUS"] == "0",
    "machine": machine,
}
with open(path, "w") as file:
    json.dump({**head, **result}, file, indent=2)
    file.write("\n")
PYTHON
echo "gpu-bench: wrote $out"
exit "$status"
