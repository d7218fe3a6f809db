"""Pages cut into passages as the library cuts them, and batches in which a query looks for its passage among those of
the same page and of others like it: questions that we wrote, sentences, headings, and sentences of the translation.

Refuses to know: models and losses.
"""
import functools
import random
import re

import numpy as np
import torch

from batches import load_tokenizer
from common import CACHE, plain, read_jsonl, read_questions, sections, weight

QUERY_TOKENS, PASSAGE_TOKENS = 48, 208
# Their questions are left out of training: for evaluation and for the weights of search.
DEV_SETS = ["vitest", "nestjs", "hf-agents-course", "deno", "apisix"]
BLOCK = re.compile(r"\S[\s\S]*?(?=\n[ \t]*\n|\Z)")
SENTENCE = re.compile(r"[^.!?。！？\n]{12,}?(?:[.!?](?=\s)|[。！？]|\n|\Z)")


def blocks(markdown):
    """(section, heading, start, end) of a page's blocks; a fence that holds empty lines makes several."""
    at = 0
    for number, (head, body) in enumerate(sections(markdown)):
        at = markdown.index(body, at)
        for m in BLOCK.finditer(body):
            yield number, head, at + m.start(), at + m.end()
        at += len(body)


def passages(markdown, most=900):
    """(start, end, headings, text) of passages: blocks packed up to `most` characters within a section."""
    found, title, open_ = [], None, None
    for number, head, start, end in blocks(markdown):
        title = head if title is None else title
        if open_ and (open_[0] != number or end - open_[2] > most):
            found.append(open_)
            open_ = None
        open_ = (number, head, open_[2] if open_ else start, min(end, start + 2 * most))
    parts = found + ([open_] if open_ else [])
    above = lambda head: " > ".join(dict.fromkeys(h for h in (title, head) if h))
    return [(start, end, above(head), plain(markdown[start:end])) for _, head, start, end in parts]


class Page:
    def __init__(self, row):
        self.set, self.path = row["set"], row["path"]
        self.text = {language: row[language] for language in ("en", "zh") if language in row}
        self._parts = {}

    def parts(self, language):
        if language not in self._parts:
            self._parts[language] = passages(self.text[language])
        return self._parts[language]

    @functools.cached_property
    def aligned(self):
        """Pairs of block starts {en, zh} where both languages have the same blocks, section by section."""
        if len(self.text) < 2:
            return []
        by = {lang: {} for lang in self.text}
        for lang, text in self.text.items():
            for number, _, start, end in blocks(text):
                by[lang].setdefault(number, []).append((start, end))
        if len(by["en"]) != len(by["zh"]):
            return []
        return [{"en": e, "zh": z} for n in by["en"] if len(by["en"][n]) == len(by["zh"].get(n, []))
                for e, z in zip(by["en"][n], by["zh"][n])]

    def holding(self, language, place):
        """The passage that holds a place of the text, or None."""
        return next((i for i, (start, end, *_) in enumerate(self.parts(language)) if start <= place < end), None)


class Library:
    """All pages of the sets that training may see, as .cache/pages.jsonl has them."""

    def __init__(self):
        self.sets, self.pages = {}, {}
        for row in read_jsonl(CACHE / "pages.jsonl"):
            page = Page(row)
            self.pages[page.set, page.path, *page.text] = page
            self.sets.setdefault(page.set, []).append(page)

    def find(self, question):
        of = (question["set"], question["path"])
        language = question["page_language"]
        return self.pages.get((*of, "en", "zh")) or self.pages.get((*of, language))


def sentences(text):
    return [s for s in (m.group().strip() for m in SENTENCE.finditer(text)) if weight(s) >= 24]


class PageBatches:
    """Queries made from the pages themselves."""

    def __init__(self, library, tokenizer):
        self.tokenizer = tokenizer
        self.sets = library.sets
        self.names = list(self.sets)
        self.shares = [len(self.sets[n]) ** 0.7 for n in self.names]

    def query(self, page, rng):
        """(query, language, passage number, text of that passage), or None."""
        languages = list(page.text)
        language = rng.choice(languages)
        kind = rng.random()
        if kind < 0.5 and page.aligned:
            pair = rng.choice(page.aligned)
            other = "zh" if language == "en" else "en"
            number = page.holding(language, pair[language][0])
            said = sentences(plain(page.text[other][slice(*pair[other])]))
            if number is None or not said:
                return None
            _, _, above, text = page.parts(language)[number]
            return rng.choice(said), language, number, f"{above}\n{text}"
        parts = page.parts(language)
        number = rng.randrange(len(parts))
        _, _, above, text = parts[number]
        if kind < 0.75:
            said = sentences(text)
            if len(said) < 2:
                return None
            query = rng.choice(said)
            return query, language, number, f"{above}\n{text.replace(query, ' ') if rng.random() < 0.8 else text}"
        if not above or [a for _, _, a, _ in parts].count(above) > 1:
            return None
        query = above.split(" > ")[-1] if rng.random() < 0.5 else above
        return query, language, number, text if rng.random() < 0.6 else f"{above}\n{text}"

    def batch(self, rng, pages, per_page, passages_per_page):
        """Ids of queries, ids of passages, and each query's row among the passages."""
        pool = self.sets[rng.choices(self.names, self.shares)[0]]
        queries, texts, targets = [], [], []
        for page in rng.sample(pool, min(pages, len(pool))):
            if not any(page.parts(lang) for lang in page.text):
                continue
            rows = {}
            for _ in range(per_page):
                made = self.query(page, rng) if all(page.parts(lang) for lang in page.text) else None
                if made and (made[1], made[2]) not in rows:
                    query, language, number, text = made
                    rows[language, number] = len(texts)
                    queries.append(drop_words(query, rng))
                    targets.append(len(texts))
                    texts.append(text)
            rest = [(lang, i) for lang in page.text for i in range(len(page.parts(lang))) if (lang, i) not in rows]
            # The same passage in the other language is no wrong answer where it is the right one.
            if len(page.text) > 1 and rows:
                languages = {lang for lang, _ in rows}
                rest = [(lang, i) for lang, i in rest if languages == {lang}]
            for lang, i in rng.sample(rest, min(len(rest), passages_per_page)):
                _, _, above, text = page.parts(lang)[i]
                texts.append(f"{above}\n{text}")
        return encode(self.tokenizer, queries, QUERY_TOKENS), encode(self.tokenizer, texts, PASSAGE_TOKENS), targets


class QuestionBatches:
    """Questions of questions.jsonl; wrong passages are those of the same page, of the batch's others, and the likest of
    the set by static vectors (`rows`)."""

    def __init__(self, library, tokenizer, rows, dev=False):
        self.tokenizer, self.asked = tokenizer, []
        by_set = {}
        for q in read_questions():
            if (q["set"] in DEV_SETS) == dev and (page := library.find(q)):
                by_set.setdefault((q["set"], q["page_language"]), []).append((q, page))
        for (name, language), asked in by_set.items():
            held, first = [], {}
            for page in library.sets[name]:
                if language in page.text:
                    first[page] = len(held)
                    held += [f"{above}\n{text}" for _, _, above, text in page.parts(language)]
            vectors = static(rows, encode(tokenizer, held, 512))
            queries = static(rows, encode(tokenizer, [q["question"] for q, _ in asked], 512))
            likest = np.argsort(-(queries @ vectors.T), axis=1)[:, :40]
            for (q, page), near in zip(asked, likest):
                number = page.holding(language, q["start"])
                if number is not None:
                    own = range(first[page], first[page] + len(page.parts(language)))
                    right = first[page] + number
                    self.asked.append((name, q, held, right, [i for i in own if i != right],
                                       [i for i in near if i not in own]))
        self.by_set = {}
        for one in self.asked:
            self.by_set.setdefault(one[0], []).append(one)

    def batch(self, rng, size, near=4, own=4):
        name = rng.choices(list(self.by_set), [len(v) for v in self.by_set.values()])[0]
        chosen = rng.sample(self.by_set[name], min(size, len(self.by_set[name])))
        queries, texts, targets, rows = [], [], [], {}

        def row(held, i):
            if (id(held), i) not in rows:
                rows[id(held), i] = len(texts)
                texts.append(held[i])
            return rows[id(held), i]

        for _, q, held, right, same, likest in chosen:
            queries.append(drop_words(q["question"], rng, 0.2))
            targets.append(row(held, right))
            for i in rng.sample(same, min(own, len(same))) + rng.sample(likest, min(near, len(likest))):
                row(held, i)
        return encode(self.tokenizer, queries, QUERY_TOKENS), encode(self.tokenizer, texts, PASSAGE_TOKENS), targets


def drop_words(text, rng, share=0.35):
    """Now and then a query loses some of its words: people type few."""
    words = text.split(" ")
    if len(words) < 5 or rng.random() > share:
        return text
    return " ".join(w for w in words if rng.random() > 0.3) or text


def encode(tokenizer, texts, limit):
    return [e.ids[:limit] or [0] for e in tokenizer.encode_batch_fast(texts)]


def static(rows, sequences):
    """Unit sums of static rows (texts, width)."""
    sums = np.stack([rows[s].sum(0) for s in sequences])
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
