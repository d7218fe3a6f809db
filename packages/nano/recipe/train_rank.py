"""Step 7: the ranker, from the shipped embedder. Per question one passage that answers it against some that search found
beside it; the loss is softmax over the logit alone and over its sum with search's own parts. By the sum alone nothing was
learned: what the parts leave unsaid is too little to begin with.

As in language/train.py each core is a process of one thread over weights in shared memory; they draw questions from a common
counter until a step is full, so that a core which other work slows down costs its share and no more. Time-bounded; a run goes
on from .cache/rank.pt, or else from the weights in ../models/rank.gguf, unless --fresh. Writes .cache/rank.pt. Sets of DEV_SETS
are left out, for the figures that it prints.
"""
import argparse
import functools
import os
import random
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
import torch.nn.functional as F

from common import CACHE, MODELS, THREADS, read_jsonl
from cores import train_on_cores
from export import read, shipped
from passages import DEV_SETS
from rank_model import INPUT_TOKENS, PARTS, Ranker, logits, read_asked, state_of_shipped

BFLOAT16 = torch.cpu._is_avx512_bf16_supported()


def chosen(asked, wrong, rng):
    """A right passage and `wrong` others, those that search liked more often: their numbers, the right one first."""
    others = np.flatnonzero(~asked.right)
    weights = 1 / (3 + others)
    picked = rng.choice(others, min(wrong, len(others)), replace=False, p=weights / weights.sum())
    return [int(rng.choice(np.flatnonzero(asked.right)[:3])), *map(int, picked)]


def loss_of(model, asked, options, rng):
    numbers = chosen(asked, options.wrong, rng)
    with torch.autocast("cpu", torch.bfloat16, enabled=BFLOAT16):
        read = logits(model, [asked.input(n, options.limit) for n in numbers], len(numbers)).float()
    both = read + torch.from_numpy(asked.parts[numbers]) @ model.parts
    return torch.stack([-F.log_softmax(scores, 0)[0] for scores in (read, both)])


@torch.no_grad()
def hits(model, asked):
    """Whether the right passage is first, and among three: before the ranker and with it."""
    before = asked.parts @ np.array(list(PARTS.values()), np.float32)
    with torch.autocast("cpu", torch.bfloat16, enabled=BFLOAT16):
        read = logits(model, [asked.input(n, INPUT_TOKENS) for n in range(len(asked.passages))]).float().numpy()
    ranks = [asked.right[np.argsort(-s, kind="stable")] for s in (before, asked.parts @ model.parts.numpy() + read)]
    return [r[:n].any() for r in ranks for n in (1, 3)]


def work(asked, dev, rank, model, gradients, shared, wall, options):
    torch.set_num_threads(1)
    rng, order = np.random.default_rng(time.time_ns() + rank), np.random.default_rng(options.seed)
    named = list(model.named_parameters())
    mine = sorted(sorted(range(len(named)), key=lambda i: -named[i][1].numel())[rank::THREADS])
    share = lambda name: 0.5 if name == "token_embd.weight" else 2.5 if name.startswith(("cls", "token_types", "parts")) else 1
    groups = {}
    for i in mine:
        groups.setdefault(share(named[i][0]), []).append(named[i][1])
    optimizer = torch.optim.AdamW([{"params": ps, "lr": options.rate * s} for s, ps in groups.items()],
                                  betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    rates, feed, losses, step, told = [g["lr"] for g in optimizer.param_groups], [], [], 0, 0.0
    started = time.time()
    while (done := shared["done"].item()) < 1:
        if len(feed) < options.questions:  # the same order in every process
            feed = list(order.permutation(len(asked)))
        batch, total = [feed.pop() for _ in range(options.questions)], 0.0
        for p in model.parameters():
            p.grad = None
        while True:
            with options.lock:
                k = int(shared["next"].item())
                shared["next"] += 1
            if k >= len(batch):
                break
            loss = loss_of(model, asked[batch[k]], options, rng) / len(batch)
            loss.sum().backward()
            total = total + loss.detach()
        with torch.no_grad():
            for (_, p), g in zip(named, gradients[rank]):
                g.copy_(p.grad) if p.grad is not None else g.zero_()
        shared["loss"][rank] = total  # of this process; 0 where it drew no question
        wall.wait()
        norm = sum((sum(g[i] for g in gradients) ** 2).sum() for i in range(len(named))).sqrt()
        for i in mine:
            named[i][1].grad = sum(g[i] for g in gradients) * min(1, 1 / norm)
        for group, full in zip(optimizer.param_groups, rates):
            group["lr"] = full * min(1, (step + 1) / 60) * max(0.03, 1 - done)
        wall.wait()
        optimizer.step()
        step += 1
        if rank == 0:
            losses.append(shared["loss"].sum(0).tolist())
            shared["next"].zero_()
            shared["done"].fill_((time.time() - started) / 60 / options.minutes)
            if step % 100 == 0:
                print(f"step {step} epoch {step * options.questions / len(asked):.2f} loss {np.mean(losses[-100:], 0).round(3)} "
                      f"{(time.time() - started) / step:.2f} s/step", flush=True)
        wall.wait()
        done = shared["done"].item()
        if done >= 1 or done - told >= options.every / options.minutes:
            told = done
            model.eval()
            shared["hits"][rank] = torch.tensor(np.sum([hits(model, one) for one in dev[rank::THREADS]], 0))
            model.train()
            wall.wait()
            if rank == 0:
                torch.save(model.state_dict(), CACHE / "rank.pt")
                print("first, in three: before {:.3f} {:.3f}, with the ranker {:.3f} {:.3f}".format(
                    *(shared["hits"].sum(0) / len(dev)).tolist()), flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=60)
    options.add_argument("--fresh", action="store_true")
    options.add_argument("--rate", type=float, default=4e-4)
    options.add_argument("--questions", type=int, default=8, help="a step")
    options.add_argument("--wrong", type=int, default=5, help="wrong passages a question")
    options.add_argument("--limit", type=int, default=224, help="tokens an input")
    options.add_argument("--every", type=float, default=10, help="minutes between figures")
    options = options.parse_args()
    torch.set_num_threads(1)  # before the fork: a pool of threads would not survive it
    torch.manual_seed(7)
    options.seed = time.time_ns()
    tokenizer, static, _ = shipped()
    rows = (row for file in sorted((CACHE / "candidates").glob("*.jsonl")) for row in read_jsonl(file))
    asked = read_asked((row for row in rows if any(row["right"]) and not all(row["right"])), tokenizer, static)
    left_out = [one for one in asked if one.set in DEV_SETS]
    asked = [one for one in asked if one.set not in DEV_SETS]
    dev = random.Random(1).sample(left_out, min(240, len(left_out)))
    model, path = Ranker(dropout=0.1), CACHE / "rank.pt"
    if options.fresh:
        model.load_state_dict(read(MODELS / "embed.gguf"), strict=False)
    else:
        model.load_state_dict(torch.load(path) if path.exists() else state_of_shipped())
    print(len(asked), "questions,", len(left_out), "left out", flush=True)
    shared = {"next": torch.tensor(0), "done": torch.tensor(0.0, dtype=torch.float64), "loss": torch.zeros(THREADS, 2),
              "hits": torch.zeros(THREADS, 4)}
    # Forked, so that the questions are in memory once.
    train_on_cores(functools.partial(work, asked, dev), model, shared, options, "fork")


if __name__ == "__main__":
    main()
