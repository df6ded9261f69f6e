"""What pieces of a token stream mean, told a second time."""

from dataclasses import dataclass

import torch

NEW_SEGMENT, LAST_TARGET = 1, 2
NO_TARGET = -1


@dataclass
class Batch:
    tokens: torch.Tensor  # (rows, seq_length)
    targets: torch.Tensor  # (rows, seq_length), NO_TARGET where there is none
    positions: torch.Tensor  # (rows, seq_length), counted from the document's start
    visible: torch.Tensor  # (rows, seq_length, seq_length): causal, and within the document


def batch_of_pieces(stream, numbers, rows, seq_length):
    """Full rows of pieces (row, file, offset, length, flags), each of which begins a document."""
    tokens = torch.zeros(rows, seq_length, dtype=torch.long)
    targets = torch.full_like(tokens, NO_TARGET)
    positions, documents = torch.zeros_like(tokens), torch.zeros_like(tokens)
    used = [0] * rows
    for i in range(0, len(numbers), 5):
        row, _, offset, length, flags = numbers[i : i + 5]
        if not flags & NEW_SEGMENT:
            raise ValueError("pieces that continue a document are not used in this comparison")
        begin, end = used[row], used[row] + length
        tokens[row, begin:end] = torch.tensor(stream[offset : offset + length])
        followed = length if flags & LAST_TARGET else length - 1
        targets[row, begin : begin + followed] = torch.tensor(stream[offset + 1 : offset + 1 + followed])
        positions[row, begin:end] = torch.arange(length)
        documents[row, begin:end] = i
        used[row] = end
    return Batch(tokens, targets, positions, _visible(documents))


def single_row(tokens):
    """One document as a row of its own length, without targets."""
    row = torch.tensor([tokens])
    return Batch(row, torch.full_like(row, NO_TARGET), torch.arange(len(tokens))[None], _visible(row * 0))


def _visible(documents):
    length = documents.shape[-1]
    same = documents[:, :, None] == documents[:, None, :]
    return same & torch.ones(length, length, dtype=torch.bool).tril()
