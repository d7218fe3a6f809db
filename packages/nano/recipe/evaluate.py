"""Step 7: measures the shipped files, as any reader sees them, on the held-back sets.

Page retrieval: a page's first paragraph in one language asks for its page among the set's pages in the other.
Sections: "page title + heading" asks for its section among all sections of the set's English pages.
The combination is what search is advised to do: see CARD.md. Prints Markdown; writes .cache/evaluation.json.
"""
import argparse
import glob
import json
import math
from collections import Counter

import numpy as np
import torch

from common import CACHE, DATA, HELD_BACK, THREADS, first_paragraph, paragraphs, plain, read_jsonl, sections, weight
from export import shipped, static_vector
from model import encode

TESTED = [s for s in HELD_BACK if s != "d2l"]
LEAD = 4  # paragraphs of a page that count as its beginning; the slower models read these only


def chunks(page):
    """A page's prose paragraphs: a whole page's or a long chunk's vector is too blunt to find one of them again."""
    return [p[:2000] for p in paragraphs(page, 16)] or [plain(page)[:2000] or page[:2000]]


def bm25(queries, documents, tokenizer):
    """Plain BM25 over the tokenizer's ids."""
    bags = [Counter(tokenizer.encode(d).ids) for d in documents]
    df = Counter(t for b in bags for t in b)
    mean, n = sum(sum(b.values()) for b in bags) / len(bags), len(bags)
    scores = np.zeros((len(queries), n))
    for i, q in enumerate(queries):
        for t in set(tokenizer.encode(q).ids) & df.keys():
            idf = math.log(1 + (n - df[t] + 0.5) / (df[t] + 0.5))
            for j, b in enumerate(bags):
                if t in b:
                    scores[i, j] += idf * b[t] * 2.2 / (b[t] + 1.2 * (0.25 + 0.75 * sum(b.values()) / mean))
    return scores


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9)


def standard(scores):
    """Per query, so that scores of different kinds can be added."""
    return (scores - scores.mean(1, keepdims=True)) / (scores.std(1, keepdims=True) + 1e-9)


def pooled(queries, parts, embed):
    """Best paragraph of a page for each query."""
    flat = embed([c for p in parts for c in p])
    at = np.cumsum([0, *(len(p) for p in parts)])
    q = embed(queries)
    return np.stack([(q @ flat[a:b].T).max(1) for a, b in zip(at, at[1:])], 1)


def recall(scores, k=1):
    return float(np.mean([(row > row[i]).sum() < k for i, row in enumerate(scores)]))


def embedders(with_teacher):
    tokenizer, rows, model = shipped()

    @torch.no_grad()
    def contextual(texts):
        return encode(model, [e.ids[:256] or [0] for e in tokenizer.encode_batch(texts)], 256).numpy()

    static = lambda texts: torch.stack([static_vector(rows, e.ids) for e in tokenizer.encode_batch(texts)]).numpy()
    found = {"static": static, "contextual": contextual}
    if with_teacher:
        from teacher import MiniLM
        found["MiniLM"] = MiniLM(256)
    return tokenizer, found


def page_scores(queries, pages, tokenizer, models):
    parts = [chunks(p) for p in pages]
    scores = {name: pooled(queries, parts if name == "static" else [p[:LEAD] for p in parts], embed)
              for name, embed in models.items()}
    scores["static, lead"] = pooled(queries, [p[:LEAD] for p in parts], models["static"])
    scores["BM25"] = bm25(queries, [plain(p) for p in pages], tokenizer)
    s = {k: standard(v) for k, v in scores.items()}
    scores["static + BM25"] = s["static"] + 0.3 * s["static, lead"] + 0.2 * s["BM25"]
    scores["combined"] = s["static"] + 0.3 * s["static, lead"] + 0.3 * s["contextual"] + 0.2 * s["BM25"]
    return scores


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--no-teacher", action="store_true")
    options.add_argument("--sets", nargs="*", default=TESTED)
    options = options.parse_args()
    torch.set_num_threads(THREADS)
    tokenizer, models = embedders(not options.no_teacher)
    table = {}
    for name in options.sets:
        pages = list(read_jsonl(glob.glob(str(DATA / "parallel" / f"{name}.*"))[0]))
        for a, b in (("zh", "en"), ("en", "zh")):
            asked = [(first_paragraph(p[a]), i) for i, p in enumerate(pages)]
            asked = [(q, i) for q, i in asked if q]
            queries, order = [q for q, _ in asked], [i for _, i in asked]
            rest = [i for i in range(len(pages)) if i not in set(order)]
            documents = [pages[i][b] for i in order + rest]
            for k, v in page_scores(queries, documents, tokenizer, models).items():
                table.setdefault(k, {})[f"{name} {a}->{b}"] = recall(v)
        seen, found = set(), []
        for p in pages:
            for h, body in sections(p["en"]):
                text = " ".join(paragraphs(body))[:1000]
                q = f"{sections(p['en'])[0][0]} {h}"
                if h and weight(text) > 80 and q not in seen and text not in seen:
                    seen.update((q, text))
                    found.append((q, text))
        found = found[:400]
        queries, texts = [q for q, _ in found], [t for _, t in found]
        for k, embed in models.items():
            table[k][f"{name} sections"] = recall(embed(queries) @ embed(texts).T)
        print(name, {k: {c: round(x, 3) for c, x in v.items() if c.startswith(name)} for k, v in table.items()}, flush=True)
    for v in table.values():
        for task in ("zh->en", "en->zh", "sections"):
            of = [x for c, x in v.items() if c.endswith(task)]
            if of:
                v[f"mean {task}"] = float(np.mean(of))
    (CACHE / "evaluation.json").write_text(json.dumps(table, indent=1))
    columns = list(table["static"])
    print("\n| |", " | ".join(table), "|\n|---|" + "---|" * len(table))
    for c in columns:
        print("|", c, "|", " | ".join(f"{v[c]:.3f}" if c in v else "" for v in table.values()), "|")


if __name__ == "__main__":
    main()
