"""Step L5: bits per byte on the held-back pages, of the shipped file (dequantised, f32) and of Kneser-Ney of order 5 over
the same tokens, trained on the very text the model had read. Prints a table, by language.

    python language/evaluate.py [FILE.gguf] [--pages 400]

A page's first token is told from END_OF_TEXT alone; the model sees at most its context, at least half of it.
"""
import argparse
import json

import numpy as np
import torch

from common import THREADS, read_jsonl
from language.documents import OUT
from language.export import FILE, state_of
from language.kneser_ney import KneserNey
from language.model import SHAPE, LanguageModel
from language.tokenizer import END_OF_TEXT


def pages():
    """(language, bytes, ids with END_OF_TEXT before) of each held page."""
    ids, at = np.load(OUT / "held.npy").astype(np.int64), 0
    for row, (size, count) in zip(read_jsonl(OUT / "held.jsonl"), json.loads((OUT / "held_bytes.json").read_text())):
        yield row["kind"][-2:], size, np.concatenate([[END_OF_TEXT], ids[at:at + count - 1]])
        at += count


@torch.no_grad()
def bits_of_model(model, ids):
    """Bits of all tokens of a page but the first."""
    context, half, bits = SHAPE["context"], SHAPE["context"] // 2, 0.0
    for begin in range(0, max(1, len(ids) - 1 - half), half):
        window = torch.from_numpy(ids[begin:begin + context + 1])
        losses = model.losses(window[None, :-1], window[None, 1:])
        bits += losses[0 if begin == 0 else half:].sum().item() / np.log(2)
    return bits


def main():
    options = argparse.ArgumentParser()
    options.add_argument("file", nargs="?", default=FILE)
    options.add_argument("--pages", type=int, default=400)
    options = options.parse_args()
    torch.set_num_threads(THREADS)
    state, model = state_of(options.file), LanguageModel()
    model.load_state_dict(state["model"])
    read = [np.load(OUT / f"{text}.npy")[:tokens] for text, tokens in state["tokens"].items()]
    yardstick = KneserNey(np.concatenate(read), SHAPE["vocabulary"])
    told = {}
    for language, size, ids in list(pages())[:options.pages]:
        row = told.setdefault(language, np.zeros(4))
        row += (size, len(ids) - 1, bits_of_model(model, ids), -yardstick.log2(ids).sum())
    told["all"] = sum(told.values())
    print(f"trained on {sum(map(len, read)):,} tokens")
    for language, (size, tokens, ours, theirs) in told.items():
        print(f"{language:4} {size:10,.0f} bytes {tokens:9,.0f} tokens  model {ours / size:.4f}  Kneser-Ney {theirs / size:.4f} "
              f"bits a byte  {ours / theirs - 1:+.1%}", flush=True)


if __name__ == "__main__":
    main()
