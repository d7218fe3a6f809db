"""Step 3: static token vectors. A text is the normalised sum of its tokens' rows; a contrastive loss brings
translations, headings and their sections, and first sentences and their paragraphs together. With --go-on from the
shipped rows, and then questions and sentences also look for their passages among those of their pages (passages.py), by
whole vectors and token by token.

Each row carries its token's weight, which starts at a smooth inverse frequency. Writes .cache/static.pt.
"""
import argparse
import random
import time

import numpy as np
import torch
import torch.nn.functional as F

from batches import Pairs, load_tokenizer
from common import CACHE, MODELS, THREADS
from model import late_interaction, pad

DIMENSIONS = 256


class Static(torch.nn.Module):
    def __init__(self, frequency):
        super().__init__()
        self.table = torch.nn.EmbeddingBag(len(frequency), DIMENSIONS, mode="sum")
        torch.nn.init.normal_(self.table.weight, std=0.05)
        self.log_weight = torch.nn.Parameter(torch.log(1e-3 / (1e-3 + frequency)))

    def forward(self, ids, offsets):
        return F.normalize(self.table(ids, offsets, per_sample_weights=torch.exp(self.log_weight)[ids]), dim=-1)

    def token_rows(self, sequences):
        """(texts, tokens, width), zero where a text is over: for late interaction."""
        ids, mask = pad(sequences, max(map(len, sequences)))
        return self.table.weight[ids] * torch.exp(self.log_weight)[ids][..., None] * mask[..., None]

    def start_from(self, rows):
        self.table.weight.data = rows / torch.exp(self.log_weight.data)[:, None]

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


class Searches:
    """Loss of queries that look for their passages; large batches of what passages.py makes small ones of."""

    def __init__(self):
        from export import read
        from passages import Library, PageBatches, QuestionBatches
        tokenizer, library = load_tokenizer(), Library()
        rows = read(MODELS / "static.gguf")["token_embd.weight"].numpy()
        self.rng, self.pages = random.Random(13), PageBatches(library, tokenizer)
        self.questions = QuestionBatches(library, tokenizer, rows)
        dev, rng = QuestionBatches(library, tokenizer, rows, dev=True), random.Random(3)
        self.dev = [dev.batch(rng, 8, near=6, own=6) for _ in range(24)]

    def loss(self, model):
        parts = []
        for batch in (self.questions.batch(self.rng, 14, near=5, own=4), self.pages.batch(self.rng, 5, 4, 7)):
            if len(batch[0]) > 2:
                target = torch.tensor(batch[2])
                parts += [F.cross_entropy(scores, target) for scores in self.scores(model, batch)]
        return sum(parts)

    def scores(self, model, batch):
        """Of queries and passages (queries, passages): by whole vectors, and by late interaction."""
        queries, passages, _ = batch
        yield model(*bag(queries)) @ model(*bag(passages)).T * 20
        yield late_interaction(model.token_rows(queries), model.token_rows(passages)) * 40

    @torch.no_grad()
    def found(self, model):
        """Shares of dev questions whose passage is first, and among three, of their batch: whole, late."""
        ranks = [[(s > s[t]).sum().item() for batch in self.dev for s, t in zip(list(self.scores(model, batch))[way], batch[2])]
                 for way in (0, 1)]
        return [round(float(np.mean([r < most for r in of])), 3) for of in ranks for most in (1, 3)]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=7)
    options.add_argument("--batch", type=int, default=1024)
    options.add_argument("--go-on", action="store_true")
    options.add_argument("--rate", type=float, default=3e-3)
    options = options.parse_args()
    torch.set_num_threads(THREADS)
    torch.manual_seed(7)
    pairs = Pairs(512)
    keep = [i for i in range(len(pairs.a)) if len(pairs.a[i]) and len(pairs.b[i])]
    counts = np.bincount(np.concatenate([*pairs.a, *pairs.b]), minlength=load_tokenizer().get_vocab_size())
    model = Static(torch.from_numpy(counts / counts.sum()).float())
    searches = Searches() if options.go_on else None
    if options.go_on:
        from export import read
        model.start_from(read(MODELS / "static.gguf")["token_embd.weight"])
        print("dev, first and in three", searches.found(model), flush=True)
    optimizer = torch.optim.Adam([{"params": model.table.parameters(), "lr": options.rate},
                                  {"params": [model.log_weight], "lr": 7 * options.rate}], fused=True)
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
            if searches:
                loss = loss + searches.loss(model)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            step += 1
            if searches and step % 100 == 0:
                print(f"step {step} loss {np.mean(losses[-100:]):.3f} {done:.0%}", searches.found(model), flush=True)
        if losses:
            print(f"epoch {epoch} steps {step} loss {np.mean(losses):.3f} {done:.0%}", flush=True)
        torch.save({"rows": model.rows(), "steps": step}, CACHE / "static.pt")
        if done >= 1:
            break


if __name__ == "__main__":
    main()
