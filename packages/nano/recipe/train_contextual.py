"""Step 5: the contextual embedder, from the static rows: contrastive over pairs, and close to the teacher where it
spoke. Time-bounded; a run goes on from .cache/contextual.pt unless --fresh. Writes .cache/contextual.pt.

Weights are quantised after training (export.py); the loss of that is measured by evaluate.py.
"""
import argparse
import random
import time

import torch

from batches import Pairs
from common import CACHE, THREADS
from model import Embedder, encode
from train_static import contrastive, shared_texts

# Longest text in tokens, pairs a batch, how often: mostly short, some up to the whole context.
LENGTHS = [(64, 64, 0.55), (128, 48, 0.34), (256, 24, 0.08), (512, 12, 0.03)]


def start(model):
    rows = torch.load(CACHE / "static.pt")["rows"]
    model.token_embd.weight.data.copy_(rows / rows.std())


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=30)
    options.add_argument("--fresh", action="store_true")
    options.add_argument("--rate", type=float, default=1e-3)
    options = options.parse_args()
    torch.set_num_threads(THREADS)
    torch.manual_seed(7)
    rng, model, path = random.Random(time.time_ns()), Embedder(), CACHE / "contextual.pt"
    optimizer = torch.optim.AdamW([
        {"params": [p for n, p in model.named_parameters() if n != "token_embd.weight"], "lr": options.rate},
        {"params": [model.token_embd.weight], "lr": options.rate * 2}], betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    rates, step = [g["lr"] for g in optimizer.param_groups], 0
    if path.exists() and not options.fresh:
        state = torch.load(path, weights_only=False)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    else:
        start(model)
    pairs = Pairs(512)
    teacher = pairs.attach_teacher()
    keep = [i for i in range(len(pairs.a)) if len(pairs.a[i]) and len(pairs.b[i])]
    taught = [i for i in keep if pairs.ta[i] >= 0 or pairs.tb[i] >= 0]
    print(len(keep), "pairs,", len(taught), "with a teacher", flush=True)
    started, seen, losses, feed = time.time(), 0, [], {}
    done = 0.0
    while done < 1:
        limit, size, _ = rng.choices(LENGTHS, [w for *_, w in LENGTHS])[0]
        # Short batches come from taught pairs half of the time; long ones are mostly sections, which have no teacher.
        source = "taught" if taught and limit <= 128 and rng.random() < 0.6 else "all"
        if not feed.get((source, size)):
            feed[source, size] = pairs.epoch(size, only=list(taught if source == "taught" else keep), seed=rng.random())
        batch = feed[source, size].pop()
        a, b = [pairs.a[i][:limit] for i in batch], [pairs.b[i][:limit] for i in batch]
        both = encode(model, a + b, limit)
        x, y = both[:size], both[size:]
        loss = contrastive(x, y, 20, shared_texts(a, b))
        hard = loss.item()
        for z, t in ((x, pairs.ta[batch]), (y, pairs.tb[batch])):
            t = torch.from_numpy(t)
            if teacher is not None and (t >= 0).any():
                loss = loss + 1.5 * (1 - (z[t >= 0] * teacher[t[t >= 0]]).sum(1)).sum() / size
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group, rate in zip(optimizer.param_groups, rates):
            group["lr"] = rate * min(1, (step + 1) / 50) * max(0.02, 1 - done)
        optimizer.step()
        step += 1
        losses.append((hard, loss.item()))
        seen += sum(map(len, a)) + sum(map(len, b))
        done = (time.time() - started) / 60 / options.minutes
        if step % 25 == 0 or done >= 1:
            h, l = (sum(v) / len(losses) for v in zip(*losses))
            print(f"step {step} contrastive {h:.3f} all {l:.3f} {seen / (time.time() - started):.0f} tokens/s {done:.0%}", flush=True)
            losses = []
        if step % 100 == 0 or done >= 1:
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, path)


if __name__ == "__main__":
    main()
