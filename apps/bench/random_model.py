"""Writes a llama GGUF with random weights in the types that llama.cpp's own quantizer would choose.

Speed does not depend on what a model says, only on shapes and types; quality does depend on realistic distributions, so
levels are drawn from a normal law, rows have unit gain, and the head is scaled until the next-token distribution has an
entropy of about 3 nats. Blocks are drawn as blocks: `gguf` reads k-quants and does not write them, and nothing here is
compared with unquantized weights. Knows nothing of engines.

    .oracles/bin/python apps/bench/random_model.py OUT (1b|100m) (Q4_0|Q4_K_M|Q8_0)
"""

import argparse
import os

import gguf
import numpy as np

Type = gguf.GGMLQuantizationType

SHAPES = {
    "1b": dict(width=2048, layers=22, heads=32, kv_heads=4, ffn=5632, vocabulary=32000),
    "100m": dict(width=768, layers=12, heads=12, kv_heads=4, ffn=2048, vocabulary=16000),
}
CONTEXT_TOKENS = 4096
HEAD_GAIN = 3.5  # standard deviation of the logits


def keeps_more_bits(layer: int, layers: int) -> bool:
    """The layers whose values and down-projections llama.cpp keeps at six bits in a Q4_K_M file."""
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


def type_of(scheme: str, name: str, layer: int, layers: int) -> Type:
    if scheme == "Q8_0":
        return Type.Q8_0
    if name == "output":
        return Type.Q6_K
    if scheme == "Q4_0":
        return Type.Q4_0
    return Type.Q6_K if name in ("attn_v", "ffn_down") and keeps_more_bits(layer, layers) else Type.Q4_K


class Blocks:
    """Random blocks of each type; `std` is the standard deviation of the weights they stand for."""

    def __init__(self, seed: int):
        self.random = np.random.default_rng(seed)
        # Levels by a table of normal quantiles: as fast as drawing bytes.
        self.quantiles = np.sort(np.random.default_rng(0).standard_normal(65536))[128::256]

    def levels(self, shape: tuple[int, ...], spread: float, low: int, high: int) -> np.ndarray:
        table = np.clip(np.rint(self.quantiles * spread), low, high).astype(np.int8)
        return table[self.random.integers(0, 256, shape, dtype=np.uint8)]

    def scales(self, count: int, scale: float) -> np.ndarray:
        """f16 scales as bytes, (count, 2), within a fifth of `scale`, as blocks of real weights differ."""
        drawn = scale * (0.8 + 0.4 * self.random.random((count, 1), dtype=np.float32))
        return drawn.astype(np.float16).view(np.uint8)

    def q4_0(self, count: int, std: float) -> np.ndarray:
        levels = (self.levels((count, 32), 3, -8, 7) + 8).view(np.uint8)
        return np.concatenate([self.scales(count, std / 3), levels[:, :16] | levels[:, 16:] << 4], axis=1)

    def q8_0(self, count: int, std: float) -> np.ndarray:
        levels = self.levels((count, 32), 42, -127, 127).view(np.uint8)
        return np.concatenate([self.scales(count, std / 42), levels], axis=1)

    def q4_k(self, count: int, std: float) -> np.ndarray:
        """d, dmin, eight 6-bit scales and minima packed into 12 bytes, 256 nibbles."""
        level_scales = self.random.integers(40, 64, (count, 8), dtype=np.uint8)
        # value = d * scale * level - dmin * minimum: levels have mean 7.5, so minima follow the scales.
        minima = level_scales
        packed = np.empty((count, 12), np.uint8)
        packed[:, :4] = level_scales[:, :4] | level_scales[:, 4:] >> 4 << 6
        packed[:, 4:8] = minima[:, :4] | minima[:, 4:] >> 4 << 6
        packed[:, 8:] = (level_scales[:, 4:] & 15) | minima[:, 4:] << 4
        d = std / 2.6 / 51.5
        nibbles = self.random.integers(0, 256, (count, 128), dtype=np.uint8)
        table = np.clip(np.rint(self.quantiles * 2.6 + 7.5), 0, 15).astype(np.uint8)
        low, high = table[nibbles], table[self.random.integers(0, 256, (count, 128), dtype=np.uint8)]
        first = self.scales(count, d)
        second = (first.view(np.float16).astype(np.float32) * 7.5).astype(np.float16).view(np.uint8)
        return np.concatenate([first, second, packed, low | high << 4], axis=1)

    def q6_k(self, count: int, std: float) -> np.ndarray:
        """256 low nibbles, 256 high pairs of bits, 16 int8 scales, d. Bits are uniform; their spread is 18.5."""
        bits = self.random.integers(0, 256, (count, 192), dtype=np.uint8)
        scales = self.random.integers(80, 128, (count, 16), dtype=np.int8).view(np.uint8)
        return np.concatenate([bits, scales, self.scales(count, std / 18.5 / 103.5)], axis=1)

    def of(self, kind: Type, rows: int, columns: int, std: float) -> np.ndarray:
        """Bytes of a matrix, (rows, bytes of a row)."""
        block, _ = gguf.GGML_QUANT_SIZES[kind]
        draw = {Type.Q4_0: self.q4_0, Type.Q8_0: self.q8_0, Type.Q4_K: self.q4_k, Type.Q6_K: self.q6_k}[kind]
        return draw(rows * columns // block, std).reshape(rows, -1)


def add_vocabulary(writer: gguf.GGUFWriter, size: int) -> None:
    """SentencePiece with byte fallback: any text has ids, every id a text."""
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    kinds = [gguf.TokenType.UNKNOWN] + 2 * [gguf.TokenType.CONTROL] + 256 * [gguf.TokenType.BYTE]
    pieces += [f"\u2581w{i}" for i in range(len(pieces), size)]
    kinds += [gguf.TokenType.NORMAL] * (size - len(kinds))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores([-float(i) for i in range(size)])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)


def write_model(path: str, width: int, layers: int, heads: int, kv_heads: int, ffn: int, vocabulary: int, scheme: str) -> None:
    writer = gguf.GGUFWriter(path, "llama", use_temp_file=True)
    writer.add_name(f"random {scheme}")
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(ffn)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_rope_dimension_count(width // heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(vocabulary)
    add_vocabulary(writer, vocabulary)

    blocks = Blocks(seed=1)

    def matrix(prefix: str, name: str, rows: int, columns: int, layer: int = 0, gain: float = 1.0) -> None:
        kind = type_of(scheme, name, layer, layers)
        data = blocks.of(kind, rows, columns, gain / np.sqrt(columns))
        writer.add_tensor(f"{prefix}{name}.weight", data, raw_dtype=kind)

    def norm(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))

    keys = width // heads * kv_heads
    matrix("", "token_embd", vocabulary, width, gain=np.sqrt(width))
    for layer in range(layers):
        prefix = f"blk.{layer}."
        norm(prefix + "attn_norm")
        matrix(prefix, "attn_q", width, width, layer)
        matrix(prefix, "attn_k", keys, width, layer)
        matrix(prefix, "attn_v", keys, width, layer)
        matrix(prefix, "attn_output", width, width, layer)
        norm(prefix + "ffn_norm")
        matrix(prefix, "ffn_gate", ffn, width, layer)
        matrix(prefix, "ffn_up", ffn, width, layer)
        matrix(prefix, "ffn_down", width, ffn, layer)
    norm("output_norm")
    matrix("", "output", vocabulary, width, gain=HEAD_GAIN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("scheme", choices=["Q4_0", "Q4_K_M", "Q8_0"])
    arguments = parser.parse_args()
    unfinished = f"{arguments.out}.{os.getpid()}.part"
    try:
        write_model(unfinished, **SHAPES[arguments.shape], scheme=arguments.scheme)
        os.replace(unfinished, arguments.out)
    finally:
        if os.path.exists(unfinished):
            os.remove(unfinished)
