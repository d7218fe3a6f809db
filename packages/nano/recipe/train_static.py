"""Step 3: static token vectors. A text is the normalised sum of its tokens' rows; a contrastive loss brings
translations, headings and their sections, and first sentences and their paragraphs together.

Each row carries its token's weight, which starts at a smooth inverse frequency. Writes .cache/static.pt.
"""
import argparse
import time

import numpy as np
import torch
import torch.nn.functional as F

from batches import Pairs, load_tokenizer
from common import CACHE, THREADS

DIMENSIONS = 256


class Static(torch.nn.Module):
    def __init__(self, frequency):
        super().__init__()
        self.table = torch.nn.EmbeddingBag(len(frequency), DIMENSIONS, mode="sum")
        torch.nn.init.normal_(self.table.weight, std=0.05)
        self.log_weight = torch.nn.Parameter(torch.log(1e-3 / (1e-3 + frequency)))

    def forward(self, ids, offsets):
        return F.normalize(self.table(ids, offsets, per_sample_weights=torch.exp(self.log_weight)[ids]), dim=-1)

    def rows(self):
        return (self.table.weight * torch.exp(self.log_weight)[:, None]).detach()


def bag(sequences):
    lengths = np.array([0, *(len(s) for s in sequences[:-1])])
    return torch.from_numpy(np.concatenate(sequences).astype(np.int64)), torch.from_numpy(lengths.cumsum())


def contrastive(x, y, scale, same=None):
    """Symmetric InfoNCE; pairs that share a text are no negatives of one another."""
    scores = x @ y.T * scale
    if same is not None:
        scores = scores.masked_fill(same, -1e4)
    target = torch.arange(len(x))
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


def shared_texts(a, b):
    """[i, j] is true where pair j repeats a text of pair i."""
    def equal(seqs):
        h = torch.tensor([hash(s.tobytes()) for s in seqs])
        return h[:, None] == h[None, :]
    return (equal(a) | equal(b)).fill_diagonal_(False)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=7)
    options.add_argument("--batch", type=int, default=1024)
    options = options.parse_args()
    torch.set_num_threads(THREADS)
    torch.manual_seed(7)
    pairs = Pairs(512)
    keep = [i for i in range(len(pairs.a)) if len(pairs.a[i]) and len(pairs.b[i])]
    counts = np.bincount(np.concatenate([*pairs.a, *pairs.b]), minlength=load_tokenizer().get_vocab_size())
    model = Static(torch.from_numpy(counts / counts.sum()).float())
    optimizer = torch.optim.Adam([{"params": model.table.parameters(), "lr": 3e-3},
                                  {"params": [model.log_weight], "lr": 2e-2}], fused=True)
    rates = [g["lr"] for g in optimizer.param_groups]
    print(len(keep), "pairs", flush=True)
    started, step, done = time.time(), 0, 0.0
    for epoch in range(1000):
        losses = []
        for batch in pairs.epoch(options.batch, only=keep, seed=epoch):
            done = (time.time() - started) / 60 / options.minutes
            if done >= 1:
                break
            for group, rate in zip(optimizer.param_groups, rates):
                group["lr"] = rate * max(0.02, 1 - done)
            a, b = [pairs.a[i] for i in batch], [pairs.b[i] for i in batch]
            x, y = model(*bag(a)), model(*bag(b))
            loss = contrastive(x, y, 20, shared_texts(a, b))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            step += 1
        if losses:
            print(f"epoch {epoch} steps {step} loss {np.mean(losses):.3f} {done:.0%}", flush=True)
        torch.save({"rows": model.rows(), "steps": step}, CACHE / "static.pt")
        if done >= 1:
            break


if __name__ == "__main__":
    main()
