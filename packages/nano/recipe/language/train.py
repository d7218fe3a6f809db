"""Step L3: trains the language model on every core: one process a core, one thread each, over weights in shared memory.
The processes draw small batches from a common counter until a step is full, so a core that other work slows down costs
its share and no more. Matrices of the blocks are trained by Muon (momentum made orthogonal by Newton-Schulz), the rest
by Adam; each process updates its half of the parameters.

    python language/train.py --minutes 90 --fresh

    python language/train.py --minutes 15 --rate 0.01 --talks

Without --fresh it goes on from .cache/language/model.pt, or else from the weights in ../models/language.gguf, and from
the place in the text where that run stopped. With --talks it reads conversations alone, which teaches copying. The rate falls to zero at the end of the minutes, the last `LONG` of them
with texts of the whole context. Writes model.pt ({model, tokens: read of each text}). Refuses to know: what the text says.
"""
import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from common import CACHE, THREADS
from cores import train_on_cores
from language.model import SHAPE, LanguageModel
from language.tokenizer import OUT

STEP_TOKENS, BATCH_TOKENS, SHORT, LONG = 8192, 1024, 512, 0.45
BFLOAT16 = torch.cpu._is_avx512_bf16_supported()


def orthogonal(g, rounds=5):
    """The matrix with the singular vectors of g and singular values near one (quintic Newton-Schulz in bfloat16)."""
    x = g.bfloat16() if BFLOAT16 else g
    x = x / (x.norm() + 1e-7)
    if tall := x.shape[0] > x.shape[1]:
        x = x.T
    for _ in range(rounds):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x.T if tall else x).float()


class Optimizer:
    """One process's share of the parameters."""

    def __init__(self, named, rate):
        self.matrices = [p for n, p in named if p.dim() == 2 and n.startswith("blk")]
        self.momentum = [torch.zeros_like(p) for p in self.matrices]
        self.rest = [p for n, p in named if p.dim() == 1 or not n.startswith("blk")]
        self.adam = torch.optim.AdamW(self.rest, lr=0.2 * rate, betas=(0.9, 0.98), weight_decay=0.0) if self.rest else None
        self.rate, self.adam_rate = rate, 0.2 * rate

    @torch.no_grad()
    def step(self, share, calm):
        """`share` of the full rate; the momentum is slow at first (calm)."""
        beta = 0.85 if calm else 0.95
        for p, m in zip(self.matrices, self.momentum):
            m.lerp_(p.grad, 1 - beta)
            step = orthogonal(p.grad.lerp(m, beta))
            rate = self.rate * share
            p.mul_(1 - 0.03 * rate).add_(step, alpha=-rate * max(1, p.shape[0] / p.shape[1]) ** 0.5)
        if self.adam:
            self.adam.param_groups[0]["lr"] = self.adam_rate * share
            self.adam.step()


def batch_at(ids, at, length):
    """(BATCH_TOKENS / length) neighbouring texts and what follows each of their tokens."""
    span = ids[np.arange(at, at + BATCH_TOKENS + 1) % len(ids)].astype(np.int64)
    return tuple(torch.from_numpy(a.reshape(-1, length)) for a in (span[:-1], span[1:]))


def work(rank, model, gradients, shared, wall, options):
    torch.set_num_threads(1)
    ids = np.load(OUT / f"{options.text}.npy", mmap_mode="r")
    named = list(model.named_parameters())
    by_size = sorted(range(len(named)), key=lambda i: -named[i][1].numel())
    optimizer = Optimizer([named[i] for i in sorted(by_size[rank::THREADS])], options.rate)
    compiled = torch.compile(lambda x, y: model.losses(x, y).sum())
    first_token, started, losses, step = int(shared["tokens"].item()), time.time(), [], 0
    while shared["done"].item() < 1:
        done = shared["done"].item()
        length = SHORT if done < 1 - LONG and options.text == "train" else SHAPE["context"]
        for p in model.parameters():
            p.grad = None
        total, base = 0.0, int(shared["tokens"].item())
        while True:
            with options.lock:
                k = int(shared["next"].item())
                shared["next"] += 1
            if k >= STEP_TOKENS // BATCH_TOKENS:
                break
            with torch.autocast("cpu", torch.bfloat16, enabled=BFLOAT16):
                loss = compiled(*batch_at(ids, base + k * BATCH_TOKENS, length))
            (loss / STEP_TOKENS).backward()
            total += loss.item() / STEP_TOKENS
        with torch.no_grad():
            for (_, p), g in zip(named, gradients[rank]):
                g.copy_(p.grad) if p.grad is not None else g.zero_()
        shared["loss"][rank] = total
        wall.wait()
        for i, (_, p) in enumerate(named):
            p.grad = sum(g[i] for g in gradients)
        optimizer.step(min(1, (step + 1) / 40) * min(1, (1 - done) / 0.6), step < 100)
        step += 1
        if rank == 0:
            losses.append(shared["loss"].sum().item())
            shared["tokens"] += STEP_TOKENS
            shared["next"].zero_()
            shared["done"].fill_((time.time() - started) / 60 / options.minutes)
            if step % 20 == 0:
                read = int(shared["tokens"].item()) - first_token
                print(f"step {step} loss {np.mean(losses):.3f} {read / 1e6:.2f} M tokens, "
                      f"{read / (time.time() - started):.0f}/s, {shared['done'].item():.0%}", flush=True)
                losses = []
        wall.wait()
        if rank == 0 and (step % 100 == 0 or shared["done"].item() >= 1):
            read = {**options.read, options.text: int(shared["tokens"].item())}
            torch.save({"model": model.state_dict(), "tokens": read}, OUT / "model.pt")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=90)
    options.add_argument("--rate", type=float, default=0.02)
    options.add_argument("--fresh", action="store_true")
    options.add_argument("--talks", dest="text", action="store_const", const="talks", default="train")
    options = options.parse_args()
    torch.manual_seed(7)
    model, options.read = LanguageModel(), {"train": 0, "talks": 0}
    if not options.fresh:
        from language.export import state_of_shipped
        path = OUT / "model.pt"
        state = torch.load(path) if path.exists() else state_of_shipped()
        model.load_state_dict(state["model"])
        options.read = state["tokens"]
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters", flush=True)
    shared = {"tokens": torch.tensor(options.read[options.text]), "next": torch.tensor(0), "done": torch.tensor(0.0, dtype=torch.float64),
              "loss": torch.zeros(THREADS)}
    train_on_cores(work, model, shared, options)


if __name__ == "__main__":
    main()
