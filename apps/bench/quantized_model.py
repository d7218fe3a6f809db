"""Writes a GGUF again with every matrix in one type; in F32 it is what a quantized file stands for, the truth that engines
over it are compared with. `gguf` writes all types but the k-quants: those are made here, each sub-block from its least and
largest value, which is not the best encoding and need not be.

    .oracles/bin/python apps/bench/quantized_model.py IN OUT (F32|F16|BF16|Q8_0|Q4_0|Q4_K|Q5_K|Q6_K)
"""

import os
import sys

import gguf
import numpy as np

Type = gguf.GGMLQuantizationType


def half(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f16 bytes (count, 2) and the floats (count, 1) that they stand for."""
    halves = values.astype(np.float16).reshape(-1, 1)
    return halves.view(np.uint8), halves.astype(np.float32)


def over(values: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """values / scale, 0 where the scale is 0."""
    return np.divide(values, scale, out=np.zeros_like(values), where=scale != 0)


def with_minima(blocks: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Head (count, 16) and levels (count, 8, 32) of Q4_K and Q5_K: value = d * scale * level - dmin * minimum."""
    parts = blocks.reshape(-1, 8, 32)
    low = np.minimum(parts.min(2), 0)
    steps = (parts.max(2) - low) / (2**bits - 1)
    scale_bytes, scale = half(steps.max(1) / 63)
    minimum_bytes, minimum = half(-low.min(1) / 63)
    scales = np.clip(np.rint(over(steps, np.broadcast_to(scale, steps.shape))), 0, 63).astype(np.uint8)
    minima = np.clip(np.rint(over(-low, np.broadcast_to(minimum, low.shape))), 0, 63).astype(np.uint8)
    step = (scale * scales)[:, :, None]
    levels = over(parts + (minimum * minima)[:, :, None], np.broadcast_to(step, parts.shape))
    packed = np.empty((len(parts), 12), np.uint8)
    packed[:, :4] = scales[:, :4] | scales[:, 4:] >> 4 << 6
    packed[:, 4:8] = minima[:, :4] | minima[:, 4:] >> 4 << 6
    packed[:, 8:] = (scales[:, 4:] & 15) | (minima[:, 4:] & 15) << 4
    head = np.concatenate([scale_bytes, minimum_bytes, packed], axis=1)
    return head, np.clip(np.rint(levels), 0, 2**bits - 1).astype(np.uint8)


def nibbles(levels: np.ndarray) -> np.ndarray:
    """(count, 128): of each 64 levels the first 32 lie low, the others high."""
    pairs = levels.reshape(-1, 4, 2, 32)
    return (pairs[:, :, 0] & 15 | (pairs[:, :, 1] & 15) << 4).reshape(-1, 128)


def q4_k(blocks: np.ndarray) -> np.ndarray:
    head, levels = with_minima(blocks, 4)
    return np.concatenate([head, nibbles(levels)], axis=1)


def q5_k(blocks: np.ndarray) -> np.ndarray:
    head, levels = with_minima(blocks, 5)
    fifth = sum((levels[:, part] >> 4 << part for part in range(8)), np.zeros((len(levels), 32), np.uint8))
    return np.concatenate([head, fifth, nibbles(levels)], axis=1)


def q6_k(blocks: np.ndarray) -> np.ndarray:
    parts = blocks.reshape(-1, 16, 16)
    steps = np.abs(parts).max(2) / 31
    scale_bytes, scale = half(steps.max(1) / 127)
    scales = np.clip(np.rint(over(steps, np.broadcast_to(scale, steps.shape))), 0, 127).astype(np.int8)
    step = (scale * scales)[:, :, None]
    levels = np.clip(np.rint(over(parts, np.broadcast_to(step, parts.shape))) + 32, 0, 63).astype(np.uint8)
    quarters = levels.reshape(-1, 2, 4, 32)  # (halves of 128, quarters of 32)
    low = np.concatenate([quarters[:, :, :2] & 15 | (quarters[:, :, 2:] & 15) << 4], axis=2).reshape(-1, 128)
    high = sum((quarters[:, :, q] >> 4 << 2 * q for q in range(4)), np.zeros((len(levels), 2, 32), np.uint8)).reshape(-1, 64)
    return np.concatenate([low, high, scales.view(np.uint8), scale_bytes], axis=1)


OURS = {Type.Q4_K: q4_k, Type.Q5_K: q5_k, Type.Q6_K: q6_k}


def quantize(matrix: np.ndarray, kind: Type) -> np.ndarray:
    if kind not in OURS:
        return gguf.quants.quantize(matrix, kind)
    rows = np.ascontiguousarray(matrix, np.float32)
    return OURS[kind](rows.reshape(-1, 256)).reshape(len(rows), -1)


def main(source: str, target: str, kind: Type) -> None:
    reader = gguf.GGUFReader(source)
    unfinished = f"{target}.{os.getpid()}.part"
    writer = gguf.GGUFWriter(unfinished, reader.get_field("general.architecture").contents(), use_temp_file=True)
    for name, field in reader.fields.items():
        # The writer sets these itself.
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        kinds = field.types
        element = kinds[-1] if kinds[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kinds[0], sub_type=element)
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if values.ndim == 1 or kind == Type.F32:
            writer.add_tensor(tensor.name, values)
            continue
        data = quantize(values, kind)
        found = gguf.dequantize(data, kind).reshape(values.shape)
        error = np.sqrt(np.square(found - values).mean() / np.square(values).mean())
        assert error < 0.15, f"{tensor.name} lost {error:.2f} of itself"
        writer.add_tensor(tensor.name, data, raw_dtype=kind)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        os.replace(unfinished, target)
    finally:
        if os.path.exists(unfinished):
            os.remove(unfinished)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Type[sys.argv[3]])
