"""Step L2: byte-level BPE of 8,192 tokens with the pre-tokenizer that GGUF calls qwen2, and both texts as its ids.
With --shipped the tokenizer is the one of ../models/language.gguf: what training that goes on from it needs.

Writes .cache/language/tokenizer.json, {train,talks,held}.npy (uint16, every text ends with END_OF_TEXT; talks are the
conversations of train once more, for the second part of training) and held_bytes.json (bytes and ids of each held page). Refuses to know: models.
"""
import json
import sys

import gguf
import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from common import MODELS, read_jsonl
from language.documents import OUT

VOCABULARY = 8192
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
END_OF_TEXT, START, END = range(3)
PIECE = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def around(model):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PIECE), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def shipped():
    fields = gguf.GGUFReader(str(MODELS / "language.gguf")).fields
    read = lambda name: fields[f"tokenizer.ggml.{name}"].contents()
    tokenizer = around(models.BPE({t: i for i, t in enumerate(read("tokens"))}, [tuple(m.split(" ")) for m in read("merges")]))
    tokenizer.add_special_tokens([AddedToken(s, special=True) for s in SPECIAL])
    return tokenizer


def trained():
    tokenizer = around(models.BPE())
    left = {"page-en": 24_000_000, "page-zh": 14_000_000}

    def texts():
        for row in read_jsonl(OUT / "train.jsonl"):
            if left.get(row["kind"], 0) > 0:
                left[row["kind"]] -= len(row["text"])
                yield row["text"]

    tokenizer.train_from_iterator(texts(), trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[AddedToken(s, special=True) for s in SPECIAL], show_progress=False,
        max_token_length=24, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def encoded(tokenizer, name, wanted=lambda row: True, out=None):
    ids, sizes, batch = [], [], []

    def flush():
        for text, e in zip(batch, tokenizer.encode_batch(batch)):
            ids.append(np.array([*e.ids, END_OF_TEXT], np.uint16))
            sizes.append([len(text.encode()), len(e.ids) + 1])
        batch.clear()

    for row in filter(wanted, read_jsonl(OUT / f"{name}.jsonl")):
        batch.append(row["text"])
        if len(batch) == 256:
            flush()
    flush()
    np.save(OUT / f"{out or name}.npy", np.concatenate(ids))
    print(out or name, sum(n for _, n in sizes), "tokens,", sum(b for b, _ in sizes) / sum(n for _, n in sizes), "bytes each", flush=True)
    return sizes


def main():
    tokenizer = shipped() if "--shipped" in sys.argv else trained()
    tokenizer.save(str(OUT / "tokenizer.json"))
    encoded(tokenizer, "train")
    encoded(tokenizer, "train", lambda row: row["kind"].startswith("talk"), "talks")
    (OUT / "held_bytes.json").write_text(json.dumps(encoded(tokenizer, "held")))


if __name__ == "__main__":
    main()
