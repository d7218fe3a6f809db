"""Step 8: the ranker's GGUF file (token table in Q4_0, matrices in Q8_0, the rest in F32), its line in the manifest, and
reference logits computed by PyTorch from the weights as they stand in the file.

The sets that training left out say how much the logit weighs beside search's own parts: the head is scaled by it, and the weights
of the parts are printed, for `rankedParts` in packages/sdk/src/documents/ranking.ts.
Writes ../models/rank.gguf, ../models/manifest.json and ../test/fixtures/rank-reference.json.
"""
import hashlib
import json
import random
import sys

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGMLQuantizationType as Type

from common import CACHE, MODELS, PACKAGE, THREADS, read_jsonl
from export import shipped, write
from model import SHAPE
from passages import DEV_SETS
from rank_model import INPUT_TOKENS, NAMES, PARTS, Ranker, logits, read_asked, state_of_shipped

# A question, and passages of any kind: title and headings, text.
CASES = [
    ("How do I switch off automatic retries?", [
        ("Settings", "maxRetries Maximum number of retries. Set to 0 to disable retries. Default: 2."),
        ("Settings > temperature", "The value is passed through to the provider."), ("", "retries"), ("Retries", "")]),
    ("怎样关闭自动重试？", [("设置", "maxRetries 最大重试次数，设为 0 表示不重试。"), ("Settings", "Set maxRetries to 0 to disable retries. " * 40)]),
    ("", [("A", "b")]),
    ("why " * 60, [("above " * 40, "Because of this. " * 100), ("X", "y")]),
]


def dtype(name, value):
    if value.dim() == 1 or name == "cls.output.weight":
        return None
    return Type.Q4_0 if name == "token_embd.weight" else Type.Q8_0


def asked_of(rows):
    tokenizer, static, _ = shipped()
    return read_asked(rows, tokenizer, static)


@torch.no_grad()
def logits_of(model, asked):
    return [logits(model, [one.input(n, INPUT_TOKENS) for n in range(len(one.passages))]) for one in asked]


def hits(asked, scores):
    """Share of questions whose right passage is first, and among three."""
    ranks = [one.right[np.argsort(-s, kind="stable")] for one, s in zip(asked, scores)]
    return [round(float(np.mean([r[:n].any() for r in ranks])), 3) for n in (1, 3)]


def fitted(asked, read_):
    """(weights of the parts, weight of the logit) that lose least by softmax over the candidates of each question."""
    weights = torch.tensor([*PARTS.values(), 1.0], requires_grad=True)
    columns = [torch.cat([torch.from_numpy(one.parts), r[:, None]], 1) for one, r in zip(asked, read_)]
    right = [torch.from_numpy(one.right) for one in asked]
    optimizer = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        shares = [F.log_softmax(c @ weights, 0)[r].logsumexp(0) for c, r in zip(columns, right)]
        value = -torch.stack(shares).mean() + 1e-3 * (weights ** 2).sum()
        value.backward()
        return value

    optimizer.step(loss)
    weights = weights.detach()
    return weights[:-1], float(weights[-1])


def trained(most):
    """Tensors of the file, the head scaled; `most`: questions of the left out sets that are asked for it."""
    state = torch.load(CACHE / "rank.pt")
    rows = [row for file in sorted((CACHE / "candidates").glob("*.jsonl")) for row in read_jsonl(file)
            if row["set"] in DEV_SETS and any(row["right"]) and not all(row["right"])]
    asked = asked_of(random.Random(1).sample(rows, min(most, len(rows))))
    model = Ranker()
    model.load_state_dict(state)
    read_ = logits_of(model.eval(), asked)
    parts, scale = fitted(asked, read_)
    before = [one.parts @ np.array(list(PARTS.values()), np.float32) for one in asked]
    after = [one.parts @ parts.numpy() + scale * r.numpy() for one, r in zip(asked, read_)]
    print(len(asked), "questions, first and among three: before", hits(asked, before),
          "alone", hits(asked, [r.numpy() for r in read_]), "together", hits(asked, after))
    print("rankedParts:", {name: round(float(w), 2) for name, w in zip(PARTS, parts)}, "logit times", round(scale, 3))
    for name in ("cls_output.weight", "cls_output.bias"):
        state[name] = state[name] * scale
    return {NAMES.get(name, name): value for name, value in state.items() if name != "parts"}


def main():
    torch.set_num_threads(THREADS)
    file = MODELS / "rank.gguf"
    state = trained(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    write(file, "bert", {name: (value.numpy(), dtype(name, value)) for name, value in state.items()}, {
        "bert.context_length": SHAPE["context"], "bert.embedding_length": SHAPE["width"],
        "bert.block_count": SHAPE["layers"], "bert.feed_forward_length": SHAPE["ffn"],
        "bert.attention.head_count": SHAPE["heads"], "bert.attention.layer_norm_epsilon": SHAPE["eps"],
        "bert.attention.causal": False, "bert.pooling_type": 1, "trivium.token_matches": True,
        "tokenizer.file": "embed.gguf"})
    manifest = json.loads((MODELS / "manifest.json").read_text())
    data = file.read_bytes()
    manifest["files"]["rank.gguf"] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (MODELS / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    model, cases = Ranker(), []
    model.load_state_dict(state_of_shipped())
    model.eval()
    rows = [{"set": "", "question": question, "texts": texts, "right": [False] * len(texts),
             "parts": [dict.fromkeys(PARTS, 0)] * len(texts)} for question, texts in CASES]
    asked = asked_of(rows)
    for (question, texts), one, values in zip(CASES, asked, logits_of(model, asked)):
        inputs = [one.input(n, INPUT_TOKENS) for n in range(len(texts))]
        cases.append({"question": question, "passages": texts, "tokens": [i.tolist() for i, _ in inputs],
                      "types": [t.tolist() for _, t in inputs], "logits": [round(float(v), 5) for v in values]})
    target = PACKAGE / "test" / "fixtures" / "rank-reference.json"
    target.write_text(json.dumps({"note": "float32 from the dequantised weights", "cases": cases}, ensure_ascii=False) + "\n")
    print(len(data), "bytes,", [c["logits"] for c in cases])


if __name__ == "__main__":
    main()
