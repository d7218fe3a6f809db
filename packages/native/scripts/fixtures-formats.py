"""Fixtures of tests/tensor and tests/formats, written by the reference implementations.

    python scripts/fixtures-formats.py        # needs numpy, torch, gguf, safetensors (see the oracles' pins)

Knows nothing of our code: what these libraries write is what the engine must read. Tensor values follow one formula
that the tests repeat: value(i) = ((7 i) mod 31 - 15) / 8, exact in every plain type.
"""
import json
import pathlib

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type, quants
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "formats"


def values(*shape):
    return (((np.arange(int(np.prod(shape))) * 7) % 31 - 15) / 8).astype(np.float32).reshape(shape)


def write_codecs():
    random = np.random.default_rng(7)
    rows = [random.standard_normal((40, 64)) * 10.0 ** random.integers(-6, 4, (40, 1))]
    rows.append(np.zeros((1, 64)))
    rows.append(np.where(np.arange(64) == 9, -3.5, 0)[None])  # one extreme, negative
    rows.append((np.arange(64) % 2 * 2 - 1)[None] * 2.0)  # equal magnitudes, both signs
    rows.append((np.arange(64) - 32)[None] / 2.0)  # ties of rounding
    rows.append(random.integers(-254, 255, (8, 64)) / 2.0)
    data = np.concatenate(rows).astype(np.float32)
    data.tofile(FOLDER / "codecs.f32")
    for kind in (Type.Q8_0, Type.Q4_0, Type.BF16, Type.F16):
        stored = quants.quantize(data, kind)
        decoded = quants.dequantize(stored, kind)
        stored.tofile(FOLDER / f"codecs.{kind.name.lower()}")
        decoded.astype(np.float32).tofile(FOLDER / f"codecs.{kind.name.lower()}.f32")


def write_super_blocks():
    """Q4_K, Q5_K, Q6_K: `gguf` reads them and does not write them, so the blocks are random bits with finite scales."""
    random = np.random.default_rng(11)
    for kind, halves in ((Type.Q4_K, (0, 2)), (Type.Q5_K, (0, 2)), (Type.Q6_K, (208,))):
        size = gguf.GGML_QUANT_SIZES[kind][1]
        stored = random.integers(0, 256, (10, size), dtype=np.uint8)
        stored[0], stored[1] = 0, 255
        for at in halves:
            scales = random.standard_normal(10) * 10.0 ** random.integers(-7, 2, 10)
            stored[:, at:at + 2] = scales.astype(np.float16).view(np.uint8).reshape(10, 2)
        stored.tofile(FOLDER / f"codecs.{kind.name.lower()}")
        quants.dequantize(stored, kind).astype(np.float32).tofile(FOLDER / f"codecs.{kind.name.lower()}.f32")


def write_gguf():
    writer = gguf.GGUFWriter(FOLDER / "tiny.gguf", "llama")
    writer.add_uint8("test.uint8", 200)
    writer.add_int8("test.int8", -100)
    writer.add_uint16("test.uint16", 60000)
    writer.add_int16("test.int16", -30000)
    writer.add_uint32("test.uint32", 4000000000)
    writer.add_int32("test.int32", -2000000000)
    writer.add_uint64("test.uint64", 2**64 - 1)
    writer.add_int64("test.int64", -(2**62))
    writer.add_float32("test.float32", 0.15625)
    writer.add_float64("test.float64", 0.1)
    writer.add_bool("test.bool", True)
    writer.add_string("test.string", "三 trivium")
    writer.add_array("test.strings", ["<s>", "", "Ġa"])
    writer.add_array("test.integers", [1, -2, 3])
    writer.add_array("test.floats", [0.5, -0.25])
    writer.add_array("test.bools", [True, False, True])
    writer.add_tensor("f32", values(3, 5))
    writer.add_tensor("f16", values(2, 3, 4).astype(np.float16))
    for kind in (Type.BF16, Type.Q8_0, Type.Q4_0):
        writer.add_tensor(kind.name.lower(), quants.quantize(values(4, 64), kind), raw_dtype=kind)
    writer.add_tensor("i32", np.arange(6, dtype=np.int32))
    writer.add_tensor("position_ids", np.arange(8, dtype=np.int64))
    close(writer)

    writer = gguf.GGUFWriter(FOLDER / "q2_k.gguf", "llama")
    writer.add_tensor("blk.0.attn_q.weight", np.zeros((2, 84), dtype=np.uint8), raw_dtype=Type.Q2_K)
    close(writer)

    writer = gguf.GGUFWriter(FOLDER / "split.gguf", "llama", split_max_tensors=2)
    for i in range(5):
        writer.add_tensor(f"t{i}", values(2, 3) + i)
    close(writer)


def close(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_safetensors():
    tensors = {
        "f32": torch.from_numpy(values(3, 5)),
        "f16": torch.from_numpy(values(2, 3, 4)).half(),
        "bf16": torch.from_numpy(values(4, 64)).bfloat16(),
        "i32": torch.arange(6, dtype=torch.int32),
        "scalar": torch.tensor(2.5),
        "embeddings.position_ids": torch.arange(8)[None],
        "mask": torch.ones(3, dtype=torch.bool),
    }
    folder = FOLDER / "folder"
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps({"model_type": "bert", "rope_theta": 1e6, "hidden_size": 64}))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')

    sharded = FOLDER / "sharded"
    sharded.mkdir(exist_ok=True)
    save_file({"a": torch.from_numpy(values(2, 3))}, sharded / "model-00001-of-00002.safetensors")
    save_file({"b": torch.from_numpy(values(4))}, sharded / "model-00002-of-00002.safetensors")
    index = {"metadata": {"total_size": 40}, "weight_map": {
        "a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (sharded / "model.safetensors.index.json").write_text(json.dumps(index))
    (sharded / "config.json").write_text('{"model_type": "llama"}')


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_codecs()
    write_super_blocks()
    write_gguf()
    write_safetensors()
