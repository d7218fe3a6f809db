"""Step 5: the contextual embedder, from the static rows. Contrastive over pairs in two ways at once, whole vectors and
late interaction, and close to the teacher where it spoke. Time-bounded; a run goes on from .cache/contextual.pt unless
--fresh. With --questions, part of the batches are the questions of questions.jsonl against the passages of their pages.
Writes .cache/contextual.pt.

Weights are quantised after training (export.py); the loss of that is measured by evaluate.py.
"""
import argparse
import random
import time

import numpy as np
import torch
import torch.nn.functional as F

from batches import ALIGNED, Pairs, Questions
from common import CACHE, THREADS
from model import Embedder, late_interaction, pad, pooled
from train_static import contrastive, shared_texts

# Longest text in tokens, pairs a batch, how often: mostly short, some up to the whole context.
LENGTHS = [(64, 64, 0.5), (128, 48, 0.36), (256, 24, 0.11), (512, 12, 0.03)]
QUERY_TOKENS = 48
BFLOAT16 = torch.cpu._is_avx512_bf16_supported()


def rows_of(model, sequences, limit):
    with torch.autocast("cpu", torch.bfloat16, enabled=BFLOAT16):
        return model(*pad(sequences, limit))


def pairs_loss(model, pairs, teacher, batch, limit, rng):
    # A translation may ask for its original or the other way round; in other kinds the first text asks.
    swap = [pairs.kind[i] in ALIGNED and rng.random() < 0.5 for i in batch]
    a = [(pairs.b if s else pairs.a)[i][:limit] for i, s in zip(batch, swap)]
    b = [(pairs.a if s else pairs.b)[i][:limit] for i, s in zip(batch, swap)]
    rows_a, rows_b = rows_of(model, a, limit), rows_of(model, b, limit)
    x, y, same = pooled(rows_a), pooled(rows_b), shared_texts(a, b)
    whole = contrastive(x, y, 20, same)
    target = torch.arange(len(a))
    scores = (late_interaction(rows_a[:, :QUERY_TOKENS], rows_b) * 40).masked_fill(same, -1e4)
    late = (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2
    told = torch.from_numpy(np.concatenate([pairs.ta[batch], pairs.tb[batch]]))
    if teacher is None or (told >= 0).sum() < 8:
        return whole, late, 0.0
    return whole, late, likeness(torch.cat([x, y])[told >= 0], teacher[told[told >= 0]])


def likeness(ours, teacher):
    """How far our neighbourhoods are from the teacher's (texts, any width each): what is like what, whatever the axes."""
    own = torch.eye(len(ours), dtype=torch.bool)
    wanted, found = ((v @ v.T * 20).masked_fill(own, -1e4) for v in (teacher, ours))
    return F.kl_div(found.log_softmax(1), wanted.log_softmax(1), reduction="batchmean", log_target=True)


def questions_loss(model, questions, rng):
    asked, passages, target = questions.batch(rng, 12, 36)
    q, p = rows_of(model, asked, 64), rows_of(model, passages, 320)
    whole = F.cross_entropy(pooled(q) @ pooled(p).T * 20, target)
    late = F.cross_entropy(late_interaction(q, p) * 40, target)
    return whole, late, 0.0


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=30)
    options.add_argument("--fresh", action="store_true")
    options.add_argument("--questions", type=float, default=0.0, help="share of the batches")
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
        step = state["step"]
    else:
        model.start_from(torch.load(CACHE / "static.pt")["rows"])
    pairs = Pairs(512)
    teacher = pairs.attach_teacher()
    questions = Questions() if options.questions else None
    keep = [i for i in range(len(pairs.a)) if len(pairs.a[i]) and len(pairs.b[i])]
    taught = [i for i in keep if pairs.ta[i] >= 0 or pairs.tb[i] >= 0]
    print(len(keep), "pairs,", len(taught), "with a teacher", flush=True)
    started, first, seen, losses, feed, done = time.time(), step, 0, [], {}, 0.0
    while done < 1:
        if questions and rng.random() < options.questions:
            parts = questions_loss(model, questions, rng)
        else:
            limit, size, _ = rng.choices(LENGTHS, [w for *_, w in LENGTHS])[0]
            # Short batches come from taught pairs more often than not; long ones are mostly sections, without a teacher.
            source = "taught" if taught and limit <= 128 and rng.random() < 0.5 else "all"
            if not feed.get((source, size)):
                feed[source, size] = pairs.epoch(size, only=list(taught if source == "taught" else keep), seed=rng.random())
            parts = pairs_loss(model, pairs, teacher, feed[source, size].pop(), limit, rng)
        loss = 0.5 * parts[0] + parts[1] + parts[2]
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group, rate in zip(optimizer.param_groups, rates):
            group["lr"] = rate * min(1, (step - first + 1) / 50) * max(0.02, 1 - done)
        optimizer.step()
        step += 1
        losses.append([float(p) for p in parts])
        done = (time.time() - started) / 60 / options.minutes
        if step % 50 == 0 or done >= 1:
            print(f"step {step} whole, late, taught {np.round(np.mean(losses, 0), 3)} "
                  f"{(time.time() - started) / (step - first):.2f} s/step {done:.0%}", flush=True)
            losses = []
        if step % 200 == 0 or done >= 1:
            torch.save({"model": model.state_dict(), "step": step}, path)


if __name__ == "__main__":
    main()
