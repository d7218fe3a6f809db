"""Training pairs as token ids, and batches whose negatives are hard: neighbours come from the same set.

Refuses to know: models and losses.
"""
import hashlib
import os
import random

import numpy as np
import torch
from tokenizers import Tokenizer

from common import CACHE, is_chinese, read_jsonl

ALIGNED = "PTSG"  # kinds whose two texts are translations of one another


def load_tokenizer():
    return Tokenizer.from_file(str(CACHE / "tokenizer.json"))


def key(text):
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


class Pairs:
    """All pairs, encoded once (and kept in .cache); `teacher[i]` is the row of a pair's English text, or -1."""

    def __init__(self, limit):
        self.records = list(read_jsonl(CACHE / "pairs.jsonl"))
        self.kind = [r["k"] for r in self.records]
        self.set = [r["s"] for r in self.records]
        store = CACHE / f"ids-{limit}.pt"
        if store.exists() and store.stat().st_mtime > (CACHE / "pairs.jsonl").stat().st_mtime:
            self.a, self.b = torch.load(store, weights_only=False)
        else:
            tokenizer = load_tokenizer()
            side = lambda k: [np.array(e.ids[:limit], np.int32) for e in
                              tokenizer.encode_batch_fast([r[k] for r in self.records])]
            self.a, self.b = side("a"), side("b")
            torch.save((self.a, self.b), store)

    def attach_teacher(self):
        """Rows of the teacher's vectors for either side; a translation borrows its English partner's."""
        if not (CACHE / "teacher.npy").exists():
            self.ta = self.tb = np.full(len(self.records), -1)
            return None
        rows = {k: i for i, k in enumerate(np.load(CACHE / "teacher-keys.npy").view("S8").ravel().tolist())}
        find = lambda t: rows.get(key(t).rstrip(b"\0"), -1)
        self.ta = np.array([find(r["a"]) for r in self.records])
        self.tb = np.array([self.ta[i] if r["k"] in ALIGNED else find(r["b"]) for i, r in enumerate(self.records)])
        return torch.from_numpy(np.load(CACHE / "teacher.npy")).float()

    def epoch(self, size, block=32, only=None, seed=0):
        """Batches of indices: blocks of one set each, so that a batch's negatives resemble its positives."""
        rng = random.Random(seed)
        groups = {}
        for i in (range(len(self.records)) if only is None else only):
            groups.setdefault(self.set[i], []).append(i)
        blocks = []
        for ids in groups.values():
            rng.shuffle(ids)
            blocks += [ids[i:i + block] for i in range(0, len(ids), block)]
        rng.shuffle(blocks)
        flat = [i for b in blocks for i in b]
        return [flat[i:i + size] for i in range(0, len(flat) - size + 1, size)]
