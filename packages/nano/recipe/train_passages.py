"""Step 6: the contextual embedder learns to tell the passages of a page apart, from the shipped weights on. Late
interaction and whole vectors at once, over questions and over queries made from the pages (passages.py), with some
batches of pairs (batches.py) so that whole documents stay where they are.

Time-bounded; a run goes on from .cache/passages.pt unless --fresh. Writes .cache/passages.pt.
"""
import argparse
import random
import time

import numpy as np
import torch
import torch.nn.functional as F

from batches import Pairs, load_tokenizer
from common import CACHE, MODELS, THREADS
from export import read
from model import Embedder, late_interaction, pooled
from passages import PASSAGE_TOKENS, QUERY_TOKENS, Library, PageBatches, QuestionBatches
from train_contextual import LENGTHS, pairs_loss, rows_of

SHARES = {"questions": 0.5, "pages": 0.3, "pairs": 0.2}


def search_loss(model, batch):
    queries, passages, targets = batch
    q, p = rows_of(model, queries, QUERY_TOKENS), rows_of(model, passages, PASSAGE_TOKENS)
    target = torch.tensor(targets)
    return F.cross_entropy(pooled(q) @ pooled(p).T * 20, target), F.cross_entropy(late_interaction(q, p) * 40, target)


@torch.no_grad()
def found(model, batches):
    """Share of dev questions whose passage is first among their batch."""
    ranks = []
    for queries, passages, targets in batches:
        scores = late_interaction(rows_of(model, queries, QUERY_TOKENS), rows_of(model, passages, PASSAGE_TOKENS))
        ranks += [(s > s[t]).sum().item() for s, t in zip(scores, targets)]
    return np.mean([r < 1 for r in ranks]), np.mean([r < 3 for r in ranks])


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--fresh", action="store_true")
    options.add_argument("--rate", type=float, default=4e-4)
    options = options.parse_args()
    torch.set_num_threads(THREADS)
    torch.manual_seed(7)
    rng, model, path = random.Random(11), Embedder(), CACHE / "passages.pt"
    model.load_state_dict(read(MODELS / "embed.gguf"))
    step = 0
    if path.exists() and not options.fresh:
        state = torch.load(path, weights_only=False)
        model.load_state_dict(state["model"])
        step = state["step"]
    tokenizer, library = load_tokenizer(), Library()
    rows = read(MODELS / "static.gguf")["token_embd.weight"].numpy()
    questions, dev = QuestionBatches(library, tokenizer, rows), QuestionBatches(library, tokenizer, rows, dev=True)
    pages, pairs = PageBatches(library, tokenizer), Pairs(512)
    keep = [i for i in range(len(pairs.a)) if len(pairs.a[i]) and len(pairs.b[i])]
    pairs.attach_teacher()
    test = random.Random(3)
    dev_batches = [dev.batch(test, 8, near=6, own=6) for _ in range(24)]
    print(len(questions.asked), "questions,", len(dev.asked), "for dev, first", found(model, dev_batches), flush=True)
    optimizer = torch.optim.AdamW([
        {"params": [p for n, p in model.named_parameters() if n != "token_embd.weight"], "lr": options.rate},
        {"params": [model.token_embd.weight], "lr": options.rate * 2}], betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    rates, feed, losses = [g["lr"] for g in optimizer.param_groups], {}, {name: [] for name in SHARES}
    started, first, done = time.time(), step, 0.0
    while done < 1:
        kind = rng.choices(list(SHARES), list(SHARES.values()))[0]
        if kind == "pairs":
            limit, size, _ = rng.choices(LENGTHS, [w for *_, w in LENGTHS])[0]
            if not feed.get(size):
                feed[size] = pairs.epoch(size, only=list(keep), seed=rng.random())
            whole, late, _ = pairs_loss(model, pairs, None, feed[size].pop(), limit, rng)
            loss = whole + 0.5 * late
        else:
            batch = questions.batch(rng, 8) if kind == "questions" else pages.batch(rng, 5, 4, 8)
            if len(batch[0]) < 3:
                continue
            whole, late = search_loss(model, batch)
            loss = 0.3 * whole + late
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group, rate in zip(optimizer.param_groups, rates):
            group["lr"] = rate * min(1, (step - first + 1) / 50) * max(0.02, 1 - done)
        optimizer.step()
        step += 1
        losses[kind].append((whole.item(), late.item()))
        done = (time.time() - started) / 60 / options.minutes
        if step % 100 == 0 or done >= 1:
            said = {name: np.mean(v, 0).round(3).tolist() for name, v in losses.items() if v}
            print(f"step {step} whole, late {said} {(time.time() - started) / (step - first):.2f} s/step {done:.0%}", flush=True)
            losses = {name: [] for name in SHARES}
        if step % 500 == 0 or done >= 1:
            torch.save({"model": model.state_dict(), "step": step}, path)
            print("dev, first and in three", np.round(found(model, dev_batches), 3), flush=True)


if __name__ == "__main__":
    main()
