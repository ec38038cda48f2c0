"""The safetensors format: the length of a header, a JSON header, and numbers, little-endian."""

import json
import struct

import torch

# The names of the format.
TYPES = {
    torch.float32: "F32",
    torch.float64: "F64",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def write(tensors, file):
    """Writes tensors by their names to a file that is open for bytes."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    header, end = {}, 0
    for name, tensor in tensors.items():
        begin, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)))
    file.write(text)
    for tensor in tensors.values():
        if tensor.numel():
            # Of bytes, so that it works for types that numpy doesn't have.
            file.write(memoryview(tensor.reshape(-1).view(torch.uint8).numpy()) if _has_numpy() else _bytes(tensor))


def _has_numpy():
    try:
        torch.zeros(1).numpy()
    except RuntimeError:
        return False
    return True


def _bytes(tensor):
    return bytes(tensor.reshape(-1).view(torch.uint8).tolist())
