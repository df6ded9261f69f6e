"""Texts on which tokenizers part, all a function of nothing: the same in every run."""

import random
import sys
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXTS_OF_A_KIND = 150
LONG_WORDS = 12

# Later versions of Unicode may say otherwise of a character that has no meaning yet.
ASSIGNED = [chr(c) for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
SPACES = [c for c in ASSIGNED if c.isspace()] + ["\u180e", "\u200b", "\u2060", "\ufeff"]
CONTROLS = [chr(c) for c in [*range(0x20), *range(0x7F, 0xA0)]] + ["\u200d", "\u202e", "\u2028", "\ufff9"]
MARKS = [c for c in ASSIGNED if unicodedata.category(c) in ("Mn", "Mc", "Me")]
NUMBERS = [c for c in ASSIGNED if unicodedata.category(c) in ("Nd", "Nl", "No")]
EMOJI = [chr(c) for c in range(0x1F300, 0x1F650)]
EMOJI += ["\u2764\ufe0f", "\U0001f1e9\U0001f1ea", "\U0001f3fd", "\u200d"] * 20
CHINESE = [chr(c) for c in range(0x4E00, 0x4E80)] + list("，。：「」！　１２３")
ENGLISH = (ROOT / "README.md").read_text().split(" ")
CODE = [line for path in sorted(ROOT.glob("native/text/*.cpp")) for line in path.read_text().split("\n")]
ENDINGS = "s S t T re Re rE VE ve m M LL ll lL d D l r v \u017f \u212a x".split()
CONTRACTIONS = [mark + end for mark in ("'", "\u2019", " '", "''") for end in ENDINGS]
# Words whose first letters, behind an apostrophe, look like an ending.
QUOTED = [f"'{w}" for word in ENGLISH if word.isalpha() for w in (word, word.title()) if w[0] in "sStTdDmMlLvVrR"]


def _joined(rng, parts, most, between=("",)):
    return "".join(rng.choice(parts) + rng.choice(between) for _ in range(rng.randint(1, most)))


KINDS = {
    "English": lambda rng: _joined(rng, ENGLISH, 60, (" ", " ", "  ", "\n")),
    "contractions": lambda rng: _joined(rng, [*CONTRACTIONS, *QUOTED, *ENGLISH[:20], *"aZ9 "], 40),
    "Chinese": lambda rng: _joined(rng, CHINESE, 80, ("", "", " ", "\n")),
    "code": lambda rng: _joined(rng, CODE, 20, ("\n", "\r\n", "\n\n", "\t")),
    "emoji, combining": lambda rng: _joined(rng, [*EMOJI, *MARKS, "e", "a", "가"], 40, ("", "", " ")),
    "control characters": lambda rng: _joined(rng, [*CONTROLS, "a", " ", "1", "."], 60),
    "white space": lambda rng: _joined(rng, [*SPACES, *" \n\r\t" * 4, "a", "1", "!"], 60),
    "numbers": lambda rng: _joined(rng, [*NUMBERS, *"0123456789" * 300], 60, ("", "", "", " ", ",", "x")),
    "any character": lambda rng: _joined(rng, ASSIGNED, 60, ("", "", "", " ", "\n", "'")),
}


def _long_words(rng):
    alphabets = ["a", "ab", "the", "0", " ", "\n", "!?", "".join(CHINESE), "=-", "\u0301e", "\U0001f600"]
    for i in range(LONG_WORDS):
        alphabet = alphabets[i % len(alphabets)]
        yield "".join(rng.choice(alphabet) for _ in range(rng.randint(1000, 20000)))


def valid_texts():
    """Kind and text, also such that spell special tokens."""
    for number, (kind, make) in enumerate(KINDS.items()):
        rng = random.Random(number)
        for _ in range(TEXTS_OF_A_KIND):
            yield kind, make(rng)
    for word in _long_words(random.Random(100)):
        yield "very long words", word
    for text in ("", "<|endoftext|>", "a<|endoftext|>b", "<|endoftext", "</s> <|true|>"):
        yield "names of special tokens", text


def invalid_bytes():
    """Kind and bytes that are not UTF-8; all that is not valid is one word, by itself or behind a space."""
    rng = random.Random(200)
    stray = [*range(0x80, 0xC2), *range(0xF5, 0x100)]
    for _ in range(TEXTS_OF_A_KIND):
        run = bytes(rng.choice(stray) for _ in range(rng.randint(1, 40)))
        yield "invalid bytes", rng.choice([b"", b" ", b"word ", "中文 ".encode()]) + run


def damaged_texts():
    """Kind and valid UTF-8 with single bytes changed, left out or put in."""
    rng = random.Random(300)
    for kind, text in list(valid_texts())[::9]:
        data = bytearray(text.encode())
        for _ in range(1 + len(data) // 20):
            at = rng.randrange(len(data) + 1)
            data[at : at + rng.randint(0, 1)] = bytes([rng.randrange(256)] * rng.randint(0, 2))
        yield "damaged UTF-8", bytes(data)
