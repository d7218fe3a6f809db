"""Training pairs as token ids, and batches whose negatives are hard: neighbours come from the same set.

Refuses to know: models and losses.
"""
import hashlib
import random
import re

import numpy as np
import torch
from tokenizers import Tokenizer

from common import CACHE, DATA, plain, read_jsonl, read_questions, sections

ALIGNED = "PTSG"  # kinds whose two texts are translations of one another


def load_tokenizer():
    return Tokenizer.from_file(str(CACHE / "tokenizer.json"))


def key(text):
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


class Pairs:
    """All pairs, encoded once (and kept in .cache); `teacher[i]` is the row of a pair's English text, or -1."""

    def __init__(self, limit):
        self.records = list(read_jsonl(CACHE / "pairs.jsonl"))
        self.kind = [r["k"] for r in self.records]
        self.set = [r["s"] for r in self.records]
        store = CACHE / f"ids-{limit}.pt"
        if store.exists() and store.stat().st_mtime > (CACHE / "pairs.jsonl").stat().st_mtime:
            self.a, self.b = torch.load(store, weights_only=False)
        else:
            tokenizer = load_tokenizer()
            side = lambda k: [np.array(e.ids[:limit], np.int32) for e in
                              tokenizer.encode_batch_fast([r[k] for r in self.records])]
            self.a, self.b = side("a"), side("b")
            torch.save((self.a, self.b), store)

    def attach_teacher(self):
        """Rows of the teacher's vectors for either side; a translation borrows its English partner's."""
        if not (CACHE / "teacher.npy").exists():
            self.ta = self.tb = np.full(len(self.records), -1)
            return None
        rows = {k: i for i, k in enumerate(np.load(CACHE / "teacher-keys.npy").view("S8").ravel().tolist())}
        find = lambda t: rows.get(key(t).rstrip(b"\0"), -1)
        self.ta = np.array([find(r["a"]) for r in self.records])
        self.tb = np.array([self.ta[i] if r["k"] in ALIGNED else find(r["b"]) for i, r in enumerate(self.records)])
        return torch.from_numpy(np.load(CACHE / "teacher.npy")).float()

    def epoch(self, size, block=32, only=None, seed=0):
        """Batches of indices: blocks of one set each, so that a batch's negatives resemble its positives."""
        rng = random.Random(seed)
        groups = {}
        for i in (range(len(self.records)) if only is None else only):
            groups.setdefault(self.set[i], []).append(i)
        blocks = []
        for ids in groups.values():
            rng.shuffle(ids)
            blocks += [ids[i:i + block] for i in range(0, len(ids), block)]
        rng.shuffle(blocks)
        flat = [i for b in blocks for i in b]
        return [flat[i:i + size] for i in range(0, len(flat) - size + 1, size)]


def passages(markdown, most=900):
    """(start, end, text) of a page's passages as the library cuts them, roughly: paragraphs and code packed up to
    `most` characters within a section, under the title and the section's heading."""
    found, at, title = [], 0, None
    for head, body in sections(markdown):
        title = head if title is None else title
        at = markdown.index(body, at)
        above = " > ".join(dict.fromkeys(h for h in (title, head) if h))
        start = end = at
        for m in re.finditer(r"\S[\s\S]*?(?=\n\s*\n|\Z)", body):
            if at + m.end() - start > most and end > start:
                found.append((start, end, plain(f"{above}\n{markdown[start:end]}")))
                start = at + m.start()
            end = at + m.end()
        if markdown[start:end].strip():
            found.append((start, end, plain(f"{above}\n{markdown[start:end]}")))
        at += len(body)
    return found


class Questions:
    """Questions with the place of their answer; negatives are passages of the same page and of the batch's others.
    Every fifth question is left out, for evaluation and for the weights of search."""

    def __init__(self):
        tokenizer, pages = load_tokenizer(), {}
        self.asked = []
        for number, q in enumerate(read_questions()):
            page = (q["set"], q["path"], q["page_language"])
            pages.setdefault(page, []).append((number, q))
        for (name, path, language), questions in pages.items():
            parts = passages(page_text(name, path, language))
            ids = [e.ids for e in tokenizer.encode_batch_fast([text for *_, text in parts])]
            for number, q in questions:
                right = next((i for i, (start, end, _) in enumerate(parts) if start <= q["start"] < end), None)
                if right is not None and number % 5 != 4:
                    self.asked.append((tokenizer.encode(q["question"]).ids, ids, right))

    def batch(self, rng, size, others):
        """`size` questions, their passages first and then up to `others` wrong ones; target rows of the passages."""
        chosen = rng.sample(self.asked, size)
        held = [ids[right] for _, ids, right in chosen]
        wrong = [p for _, ids, right in chosen for i, p in enumerate(ids) if i != right and p not in held and p]
        held += rng.sample(wrong, min(others, len(wrong)))
        return [q for q, *_ in chosen], held, torch.arange(size)


_pages = {}


def page_text(name, path, language):
    """A page of ../shared/data by set, path and language."""
    if (name, language) not in _pages:
        rows = {}
        for folder, key in (("text", "text"), ("parallel", language)):
            suffix = f"{language}.jsonl.gz" if folder == "text" else "en-zh.jsonl.gz"
            file = DATA / folder / f"{name}.{suffix}"
            if file.exists():
                rows.update((row["path"], row[key]) for row in read_jsonl(file))
        _pages[name, language] = rows
    return _pages[name, language][path]
