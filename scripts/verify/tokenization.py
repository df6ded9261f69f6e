"""Compares our byte-level BPE with Hugging Face's tokenizers and with tiktoken: ids of hostile texts, for both splits and, with
the former, for the forms of some published tokenizers.

    python3 scripts/verify/tokenization.py

Needs the built addon and dist/ (npm run build). The last line is exactly "N passed, N failed", a text by a library being
one; the exit code is 1 when something failed. A library that is not installed is left out, which it says.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

from hostile_texts import damaged_texts, invalid_bytes, valid_texts

HERE = Path(__file__).resolve().parent
SPLITS = ("gpt2", "gpt4")
FOREIGN = ("llama3", "qwen2", "starcoder")
# As tiktoken's own encodings write them, matched by another engine than Hugging Face's. White space at the end of a text
# is one word here (\s++$), and line breaks end one in ours, which shows in no token: vocabularies have no piece across.
PATTERNS = {
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
    "gpt4": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
}


def hugging_face(directory, split):
    """
    Encodes text only; bytes that are none it would not take. None for a text whose normal form C it makes by an old
    edition of Unicode, where marks of later ones stay in their place.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(directory / f"{split}.json"))
    # The names of special tokens are text to us.
    tokenizer.encode_special_tokens = True

    normalizer = tokenizer.normalizer

    def encode(data):
        text = data.decode()
        if normalizer and normalizer.normalize_str(text) != unicodedata.normalize("NFC", text):
            return None
        return tokenizer.encode(text).ids

    return encode


def tiktoken_ranks(directory, split):
    """Takes bytes too, of which it cuts no words from the first invalid one on."""
    import tiktoken
    from tiktoken.load import load_tiktoken_bpe

    ranks = load_tiktoken_bpe(str(directory / f"{split}.tiktoken"))
    encoding = tiktoken.Encoding(split, pat_str=PATTERNS[split], mergeable_ranks=ranks, special_tokens={})

    def encode(data):
        try:
            return encoding.encode_ordinary(data.decode())
        except UnicodeDecodeError:
            return encoding._encode_bytes(data)

    return encode


# Each with the form of our tokenizer that it reads, and the kinds of texts that it cannot encode as we do.
LIBRARIES = {
    "tokenizers": (hugging_face, "json", ("invalid bytes", "damaged UTF-8")),
    "tiktoken": (tiktoken_ranks, "tiktoken", ("damaged UTF-8",)),
}


class Report:
    """Counts texts by split, library and kind; prints the first that differs of each."""

    def __init__(self):
        self.passed, self.failed = Counter(), Counter()

    def check(self, key, holds, note):
        self.passed[key] += bool(holds)
        self.failed[key] += not holds
        if not holds and self.failed[key] == 1:
            print(" ".join(key), note()[:300], flush=True)

    def finish(self):
        for key in self.passed:
            split, library, kind = key
            verdict = f"{self.failed[key]} FAILED" if self.failed[key] else "ok"
            print(f"{split}  {library:12} {kind:28} {self.passed[key] + self.failed[key]:5} texts  {verdict}")
        print(f"{self.passed.total()} passed, {self.failed.total()} failed")
        return 1 if self.failed.total() else 0


def installed():
    """The names of those libraries that can be imported; says why the others cannot."""
    for name in LIBRARIES:
        try:
            __import__(name)
            yield name
        except ImportError as error:
            print(f"verify: without {name}, {sys.executable}: {error}")


def spelled(directory, split):
    """Bytes by id."""
    lines = (directory / f"{split}.tiktoken").read_text().splitlines()
    return [base64.b64decode(line.split()[0]) for line in lines]


def compare(directory, split, libraries, texts, ours, report):
    pieces = spelled(directory, split)
    for form, ids_of_all in ours.items():
        for (kind, data), ids in zip(texts, ids_of_all, strict=True):
            back = b"".join(pieces[i] for i in ids)
            key = (split, "ours", f"decoded again, {form}")
            report.check(key, back == data, lambda: f"{kind}: {data!r} became {back!r}")
    for name in libraries:
        compare_with(name, directory, split, texts, ours, report)


def compare_with(library, directory, split, texts, ours, report):
    make, form, refused = LIBRARIES[library]
    encode = make(directory, split)
    for (kind, data), ids in zip(texts, ours[form], strict=True):
        if kind in refused:
            continue
        theirs = encode(data)
        if theirs is None:
            continue
        report.check((split, library, kind), ids == theirs, lambda: f"{data!r}: ours {ids}, theirs {theirs}")


def main():
    libraries = list(installed())
    if not libraries:
        print("verify: tokenizers skipped, there is nothing to compare with")
        return 0
    os.environ["TIKTOKEN_CACHE_DIR"] = ""  # it would copy our files
    texts = [(kind, text.encode()) for kind, text in valid_texts()]
    texts += [*invalid_bytes(), *damaged_texts()]
    report = Report()
    with tempfile.TemporaryDirectory(prefix="flm-verify-") as folder:
        directory = Path(folder)
        encoded = [base64.b64encode(data).decode() for _, data in texts]
        (directory / "texts.json").write_text(json.dumps(encoded))
        subprocess.run(["node", HERE / "tokenization-ours.mjs", folder], check=True)
        ours = json.loads((directory / "ours.json").read_text())
        for split in SPLITS:
            compare(directory, split, libraries, texts, ours[split], report)
        for name in FOREIGN if "tokenizers" in libraries else ():
            compare_with("tokenizers", directory, name, texts, ours[name], report)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
