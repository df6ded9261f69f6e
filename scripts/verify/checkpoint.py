"""Reads our checkpoints: safetensors shards and manifest.json, with nothing of ours."""

import json
from pathlib import Path

import torch

DTYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "F64": torch.float64}


def read_safetensors(path):
    """Every tensor of a safetensors file by name, and the byte of the file at which each begins."""
    data = bytearray(Path(path).read_bytes())
    body = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:body])
    header.pop("__metadata__", None)
    tensors, offsets = {}, {}
    for name, entry in header.items():
        begin, end = (body + offset for offset in entry["data_offsets"])
        dtype = DTYPES[entry["dtype"]]
        values = torch.frombuffer(data, dtype=dtype, count=(end - begin) // dtype.itemsize, offset=begin)
        tensors[name] = values.reshape(entry["shape"])
        offsets[name] = begin
    return tensors, offsets


def read_checkpoint(directory, kind):
    """Tensors of one kind (master, exp_avg, exp_avg_sq) by parameter name, with the shapes of the file.

    Raises ValueError where the manifest's table and a shard's own header contradict each other.
    """
    directory = Path(directory)
    manifest = json.loads((directory / "manifest.json").read_text())
    shards = {file["name"]: read_safetensors(directory / file["name"]) for file in manifest["files"]}
    result = {}
    for entry in manifest["tensors"]:
        if entry["kind"] != kind:
            continue
        tensors, offsets = shards[entry["file"]]
        stored = f"{entry['name']}.{kind}"
        tensor = tensors[stored]
        if tensor.numel() != entry["rows"] * entry["cols"] or offsets[stored] != entry["offset"]:
            raise ValueError(f"{directory}: manifest and {entry['file']} disagree about {stored}")
        result[entry["name"]] = tensor
    return result
