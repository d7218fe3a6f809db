"""Step R0: queries made from pages in two languages: a sentence or a heading of the translation looks for the paragraph it
translates. Writes .cache/rerank/queries.jsonl in the shape of questions.jsonl. Refuses to know: search and models.
"""
import argparse
import json
import random

from common import CACHE, plain, weight
from passages import DEV_SETS, Library, blocks, sentences


def heading_at(page, language, place):
    """The heading above a place of a page, and whether the block there is the first one below it."""
    before = None
    for number, head, start, _ in blocks(page.text[language]):
        if start == place:
            return head, number != before
        before = number
    return "", False


def query(page, rng):
    """One row of the file, or None where the page does not lend itself to one."""
    if not page.aligned:
        return None
    asks, holds = rng.sample(["en", "zh"], 2)
    pair = rng.choice(page.aligned)
    start, end = pair[holds]
    if weight(plain(page.text[holds][start:end])) < 60:
        return None
    said = sentences(plain(page.text[asks][slice(*pair[asks])]))
    head, first = heading_at(page, asks, pair[asks][0])
    if first and weight(head) >= 10 and rng.random() < 0.7:
        text = head
    elif said:
        text = rng.choice(said)
    else:
        return None
    quote = page.text[holds][start:min(end, start + 60)].split("\n")[0]
    return {"set": page.set, "path": page.path, "page_language": holds, "start": start, "length": len(quote),
            "question": text[:300], "language": asks}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=4000)
    options = options.parse_args()
    rng, library = random.Random(11), Library()
    sets = {name: [p for p in pages if len(p.text) == 2] for name, pages in library.sets.items() if name not in DEV_SETS}
    names = [n for n, pages in sets.items() if len(pages) >= 20]
    shares = [len(sets[n]) ** 0.5 for n in names]
    made = {}
    while len(made) < options.count:
        row = query(rng.choice(sets[rng.choices(names, shares)[0]]), rng)
        if row:
            made[row["set"], row["question"]] = row
    rows = sorted(made.values(), key=lambda row: (row["set"], row["page_language"]))
    target = CACHE / "rerank" / "queries.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    print(len(rows), "queries over", len(names), "sets")


if __name__ == "__main__":
    main()
