"""Step 3: static token vectors. A text is the normalised sum of its tokens' rows; a contrastive loss brings
translations, headings and their sections, and first sentences and their paragraphs together.

Each row carries its token's weight, which starts at a smooth inverse frequency. With --late, every other step compares
token by token (`late_interaction`): a sentence or heading looks for its paragraph among those of the same page, in the
other language more often than not, so that a row also finds its own translations and synonyms. With --go-on, training
starts from the rows of ../models/static.gguf. Writes .cache/static.pt.
"""
import argparse
import random
import time

import numpy as np
import torch
import torch.nn.functional as F

from batches import Pairs, load_tokenizer, one_sentence
from common import CACHE, MODELS, THREADS
from model import late_interaction

DIMENSIONS = 256
QUERY_TOKENS, PASSAGE_TOKENS, LATE_BATCH, LATE_SCALE = 24, 128, 64, 30


class Static(torch.nn.Module):
    def __init__(self, frequency):
        super().__init__()
        self.table = torch.nn.EmbeddingBag(len(frequency), DIMENSIONS, mode="sum")
        torch.nn.init.normal_(self.table.weight, std=0.05)
        self.log_weight = torch.nn.Parameter(torch.log(1e-3 / (1e-3 + frequency)))

    def start_from(self, rows):
        lengths = rows.norm(dim=1, keepdim=True).clamp_min(1e-4 * rows.norm(dim=1).max())
        self.log_weight.data = torch.log(lengths[:, 0] / lengths.max())
        self.table.weight.data = rows / lengths

    def forward(self, ids, offsets):
        return F.normalize(self.table(ids, offsets, per_sample_weights=torch.exp(self.log_weight)[ids]), dim=-1)

    def token_rows(self, sequences):
        """Rows (texts, tokens, width) of token ids, zero where a text has ended."""
        longest = max(map(len, sequences))
        ids = torch.from_numpy(np.stack([np.pad(s, (0, longest - len(s)), constant_values=-1) for s in sequences])).long()
        held = ids.clamp_min(0)
        weight = torch.exp(self.log_weight)[held] * (ids >= 0)
        return F.embedding(held, self.table.weight) * weight[..., None]

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


def late_loss(model, pairs, batch, tokenizer, rng):
    """Half of the questions are a sentence of the first text, half are all of it; either side of a pair may ask."""
    swap = [rng.random() < 0.5 and pairs.kind[i] != "Q" for i in batch]
    asked = [pairs.records[i]["b" if s else "a"] for i, s in zip(batch, swap)]
    asked = [one_sentence(t, rng) if rng.random() < 0.7 else t for t in asked]
    a = [np.array(e.ids[:QUERY_TOKENS], np.int32) for e in tokenizer.encode_batch_fast(asked)]
    b = [(pairs.a if s else pairs.b)[i][:PASSAGE_TOKENS] for i, s in zip(batch, swap)]
    scores = late_interaction(model.token_rows(a), model.token_rows(b)) * LATE_SCALE
    scores = scores.masked_fill(shared_texts(a, b), -1e4)
    target = torch.arange(len(a))
    return (F.cross_entropy(scores, target) + 0.3 * F.cross_entropy(scores.T, target)) / 1.3


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=7)
    options.add_argument("--batch", type=int, default=1024)
    options.add_argument("--late", action="store_true")
    options.add_argument("--go-on", action="store_true")
    options.add_argument("--rate", type=float, default=3e-3)
    options = options.parse_args()
    torch.set_num_threads(THREADS)
    torch.manual_seed(7)
    rng = random.Random(7)
    tokenizer = load_tokenizer()
    pairs = Pairs(512)
    keep = [i for i in range(len(pairs.a)) if len(pairs.a[i]) and len(pairs.b[i])]
    counts = np.bincount(np.concatenate([*pairs.a, *pairs.b]), minlength=tokenizer.get_vocab_size())
    model = Static(torch.from_numpy(counts / counts.sum()).float())
    if options.go_on:
        from export import read
        model.start_from(read(MODELS / "static.gguf")["token_embd.weight"])
    optimizer = torch.optim.Adam([{"params": model.table.parameters(), "lr": options.rate},
                                  {"params": [model.log_weight], "lr": 7 * options.rate}], fused=True)
    # Headings and titles that stand on one page only, paragraphs and sections: what can be told apart within a page.
    local = [i for i in keep if pairs.kind[i] in "PQFT"]
    feed = []
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
            late = torch.zeros(())
            if options.late:
                feed = feed or pairs.epoch(LATE_BATCH, block=16, only=local, seed=rng.random(), by="page")
                late = late_loss(model, pairs, feed.pop(), tokenizer, rng)
            optimizer.zero_grad()
            (loss + late).backward()
            optimizer.step()
            losses.append((loss.item(), late.item()))
            step += 1
            if step % 100 == 0:
                print(f"epoch {epoch} steps {step} whole, late {np.mean(losses[-100:], 0).round(3)} {done:.0%}", flush=True)
        torch.save({"rows": model.rows(), "steps": step}, CACHE / "static.pt")
        if done >= 1:
            break


if __name__ == "__main__":
    main()
