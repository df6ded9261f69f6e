#!/usr/bin/env bash
# Builds the native test program with CUDA for the GPU of this machine and runs every op on it, whole models, NCCL
# with one rank (where NCCL is found) and several ranks that share the GPU. Needs nvcc, CMake and a GPU; no Node, no
# network. Takes a few minutes.
#   scripts/gpu-check.sh [--out result.json] [--build DIR]
# The last line is exactly "N passed, N failed"; the exit code is 1 when something failed.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/scripts/gpu-env.sh"
out=""
build="$root/build-gpu"
while (($#)); do
  case $1 in
    --out) out=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    *) echo "gpu-check: unknown argument $1 (known: --out FILE, --build DIR)" >&2; exit 64 ;;
  esac
done

passed=0 failed=0 failures=() skipped=() build_seconds=0
gpu="" driver="" architecture=""

# "a", "b" from its arguments, as a JSON array.
json_list() {
  local item text=""
  for item in "$@"; do
    item=${item//\\/\\\\}
    text+="${text:+, }\"${item//\"/\\\"}\""
  done
  printf '[%s]' "$text"
}

finish() {
  local commit=${FLM_COMMIT:-$(git -C "$root" rev-parse --verify --quiet HEAD 2>/dev/null || echo unknown)}
  if [[ -n $out ]]; then
    cat > "$out" <<JSON
{
  "gpu": "$gpu",
  "driver": "$driver",
  "architecture": "$architecture",
  "commit": "$commit",
  "passed": $passed,
  "failed": $failed,
  "failures": $(json_list "${failures[@]}"),
  "skipped": $(json_list "${skipped[@]}"),
  "build_seconds": $build_seconds,
  "seconds": $SECONDS
}
JSON
  fi
  local name
  for name in "${failures[@]}"; do echo "FAILED: $name"; done
  for name in "${skipped[@]}"; do echo "skipped: $name"; done
  echo "$passed passed, $failed failed"
  exit $((failed > 0))
}

fail() {
  failed=$((failed + 1))
  failures+=("$1")
}

stop() {
  echo "gpu-check: $1" >&2
  fail "$1"
  finish
}

command -v nvidia-smi > /dev/null || stop "no nvidia-smi: this machine has no NVIDIA driver"
IFS=, read -r gpu driver capability < <(nvidia-smi --id="$gpu_id" --query-gpu=name,driver_version,compute_cap --format=csv,noheader)
gpu=${gpu# } driver=${driver# } capability=${capability# }
[[ $capability =~ ^[0-9]+\.[0-9]+$ ]] || stop "nvidia-smi names no GPU"
# Hopper's own instructions are in 90a; later generations run the code of their number.
architecture=${capability/./}
[[ $architecture == 90 ]] && architecture=90a
echo "gpu-check: $gpu, driver $driver, architecture $architecture"

generator=()
command -v ninja > /dev/null && generator=(-G Ninja)
log="$build/gpu-check.log"
mkdir -p "$build"
if ! cmake -S "$root" -B "$build" "${generator[@]}" -DFLM_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=$architecture-real" > "$log" 2>&1 ||
  ! cmake --build "$build" --target flm_native_test -j "$(nproc)" >> "$log" 2>&1; then
  grep -nE "error|Error|undefined" "$log" | head -40
  tail -20 "$log"
  stop "the build failed, see $log"
fi
build_seconds=$SECONDS
echo "gpu-check: built in $build_seconds s"
program="$build/flm_native_test"

# run LIMIT_SECONDS NAME ARGUMENTS...: the test program's own counts are added up.
run() {
  local limit=$1 name=$2 text code counts
  shift 2
  text=$(timeout "$limit" "$@" 2>&1)
  code=$?
  counts=$(tail -1 <<< "$text")
  if [[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    mapfile -t -O "${#failures[@]}" failures < <(sed -n "s/^FAILED \(.*\) ([0-9]* failures)$/\1/p" <<< "$text")
    mapfile -t -O "${#skipped[@]}" skipped < <(sed -n "s/^skipped: //p" <<< "$text")
    [[ $code == 0 ]] || grep -v "^FAILED" <<< "$text" | head -200
  else
    tail -40 <<< "$text"
    fail "$name ended with exit code $code and no count"
  fi
  echo "gpu-check: $name: $counts ($SECONDS s)"
}

# memcheck NAME: one op's cases under compute-sanitizer; a check of its own.
memcheck() {
  local text code
  text=$(timeout 90 compute-sanitizer --tool memcheck --error-exitcode 9 "$program" --backend cuda "op cuda bf16 $1" 2>&1)
  code=$?
  case $code in
    0) passed=$((passed + 1)) ;;
    124) skipped+=("memcheck $1: ran past 90 s") ;;
    9) grep -E "^=========" <<< "$text" | head -30; fail "memcheck $1" ;;
    *) tail -20 <<< "$text"; skipped+=("memcheck $1: exit code $code") ;;
  esac
  echo "gpu-check: memcheck $1: exit code $code ($SECONDS s)"
}

# A kernel that reads where it must not spoils the GPU for its whole process, and one may never end: only the rest of
# its part is lost then.
parts=4
for ((part = 1; part <= parts; part++)); do
  run 120 "ops and models on cuda, part $part of $parts" "$program" --backend cuda --shard "$part/$parts"
done
if command -v compute-sanitizer > /dev/null; then
  for stem in rms_norm layer_norm attention cross_entropy embedding adamw; do
    if ((SECONDS > 400)); then
      skipped+=("memcheck $stem: no time left")
    else
      memcheck "$stem"
    fi
  done
else
  skipped+=("memcheck: there is no compute-sanitizer")
fi
finish
