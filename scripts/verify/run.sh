#!/usr/bin/env bash
# Compares flm-train on the CPU with others' programs. Needs the built addon and dist/ (npm run build). Takes about a minute.
#   scripts/verify/run.sh [flm | llama | gpt2 | tokenizers ...]      all by default; PYTHON names another interpreter
# Families: an independent PyTorch model of each; losses, log-probabilities, gradients, ten AdamW steps, and fifty in bf16.
# tokenizers: ids of hostile texts by Hugging Face's tokenizers and by tiktoken.
# Each of the two ends with a line that is exactly "N passed, N failed"; the exit code is 1 when something failed. What is
# not installed is not compared with, which is said, and is no failure.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-python3}

families=()
with_families=true with_tokenizers=true
if (($# > 0)); then
  with_families=false with_tokenizers=false
  for name in "$@"; do
    if [[ $name == tokenizers ]]; then
      with_tokenizers=true
    else
      with_families=true
      families+=("$name")
    fi
  done
fi

status=0
if $with_families; then
  if reason=$("$python" -c 'import torch' 2>&1); then
    "$python" -B "$here/verify.py" ${families[@]+"${families[@]}"} || status=$?
  else
    echo "verify: skipped, $python cannot import torch: $(tail -1 <<< "$reason")"
  fi
fi
if $with_tokenizers; then "$python" -B "$here/tokenization.py" || status=$?; fi
exit "$status"
