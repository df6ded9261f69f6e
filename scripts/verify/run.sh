#!/usr/bin/env bash
# Compares flm-train on the CPU with an independent PyTorch model of each family: losses, log-probabilities, gradients,
# ten AdamW steps, and fifty in bf16. Needs the built addon and dist/ (npm run build). Takes about a minute.
#   scripts/verify/run.sh [flm | llama | gpt2 ...]      all families by default; PYTHON names another interpreter
# The last line is exactly "N passed, N failed"; the exit code is 1 when something failed. Without PyTorch nothing is
# compared, which it says, and the exit code is 0.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-python3}

if ! reason=$("$python" -c 'import torch' 2>&1); then
  echo "verify: skipped, $python cannot import torch: $(tail -1 <<< "$reason")"
  exit 0
fi
exec "$python" -B "$here/verify.py" "$@"
