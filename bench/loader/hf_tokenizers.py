"""Hugging Face tokenizers as a contender: answers every line on standard input with a line of JSON.

The job, in the last argument: { tokenizer, text, ends, fresh }, as bench/loader/tokenizer.mjs has it.
"""

import array
import hashlib
import json
import os
import resource
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import tokenizers

# Documents of one call.
BATCH = 256


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def read_documents(job):
    with open(job["text"], "rb") as file:
        text = file.read()
    ends = array.array("I")
    with open(job["ends"], "rb") as file:
        ends.frombytes(file.read())
    begins = [0, *ends[:-1]]
    return len(text), [text[begin:end].decode() for begin, end in zip(begins, ends)]


def main():
    job = json.loads(sys.argv[-1])
    tokenizer = tokenizers.Tokenizer.from_file(job["tokenizer"])
    size, documents = read_documents(job)
    print(json.dumps({"bytes": size, "version": tokenizers.__version__}), flush=True)
    for _ in sys.stdin:
        if job["fresh"]:
            tokenizer = tokenizers.Tokenizer.from_file(job["tokenizer"])
        # Without offsets, where the version has such a call: ours gives none either.
        encode = getattr(tokenizer, "encode_batch_fast", tokenizer.encode_batch)
        cpu, start = cpu_seconds(), time.perf_counter()
        ids = array.array("I")
        for at in range(0, len(documents), BATCH):
            for encoding in encode(documents[at : at + BATCH], add_special_tokens=False):
                ids.extend(encoding.ids)
        seconds = time.perf_counter() - start
        answer = {
            "ms": 1000 * seconds,
            "cpu_ms": 1000 * (cpu_seconds() - cpu),
            "tokens": len(ids),
            "sha256": hashlib.sha256(ids.tobytes()).hexdigest(),
        }
        print(json.dumps(answer), flush=True)


main()
