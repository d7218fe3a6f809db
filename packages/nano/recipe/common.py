"""Paths, set lists and text cleaning shared by every step of the recipe.

Refuses to know: models, training, evaluation.
"""
import gzip
import json
import os
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent
DATA = Path(os.environ.get("TRIVIUM_DATA") or PACKAGE.parents[1].parent / "shared" / "data")
CACHE = Path(os.environ.get("NANO_CACHE") or HERE / ".cache")
MODELS = PACKAGE / "models"
THREADS = int(os.environ.get("NANO_THREADS", "2"))

# Whole sets that training never sees, in any file: they are what the card's figures are measured on.
HELD_BACK = ["vue-docs", "electron", "webpack", "juicefs", "karmada", "d2l"]
# Share-alike text stays out of the weights.
SHARE_ALIKE = ["advanced-java", "tidb-docs"]
ALLOWED_LICENCES = re.compile(r"(MIT|Apache-2\.0|BSD|CC BY 4\.0)")

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
HEADING = re.compile(r"(?m)^#{1,6} +(.*)$")
FENCE = re.compile(r"(?ms)^[ \t]*(```|~~~).*?^[ \t]*\1[`~]*[ \t]*$")


def set_name(path):
    return Path(path).name.split(".")[0]


def read_jsonl(path):
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_questions():
    """Questions of questions.jsonl, which has a line a page: dicts of set, path, page_language, start, length, language, question."""
    for page in read_jsonl(HERE / "questions.jsonl"):
        for asked in page.pop("asked"):
            yield {**page, **dict(zip(("start", "length", "language", "question"), asked))}


def without_fences(text):
    return FENCE.sub("\n", text)


def plain(markdown):
    """Markdown to plain words: markup, link targets and tags go, inline code and link texts stay."""
    t = re.sub(r"<!--.*?-->", " ", markdown, flags=re.S)
    t = re.sub(r"!\[([^\]]*)\]\([^)]*\)", r" \1 ", t)
    t = re.sub(r"\]\([^)]*\)|\]\[[^\]]*\]", "]", t)
    t = re.sub(r"</?[a-zA-Z][^<>]*>", " ", t)
    t = re.sub(r"\{#[^}]*\}|\{\{[<%].*?[%>]\}\}|:::+ *\w*|(?m:^import .*$)", " ", t)
    t = re.sub(r"[*`#\[\]>|~\\]+|(?<!\w)_+|_+(?!\w)|-{3,}|={3,}", " ", t)
    return " ".join(t.split())


def headings(markdown):
    return [plain(h) for h in HEADING.findall(without_fences(markdown))]


def sections(markdown):
    """(heading, body) pairs of a page; the first has no heading when text precedes it."""
    parts, last, head = [], 0, ""
    fences = [m.span() for m in FENCE.finditer(markdown)]
    for m in HEADING.finditer(markdown):
        if any(a <= m.start() < b for a, b in fences):
            continue
        parts.append((head, markdown[last:m.start()]))
        head, last = plain(m.group(1)), m.end()
    parts.append((head, markdown[last:]))
    return parts if parts[0][1].strip() or parts[0][0] else parts[1:]


def paragraphs(markdown, least=16):
    """Prose paragraphs of a piece of Markdown, cleaned; code fences are left out."""
    found = (plain(p) for p in re.split(r"\n\s*\n", without_fences(markdown)))
    return [p for p in found if weight(p) >= least]


def weight(text):
    """Length in Latin letters; one Han character says about as much as three of them."""
    return len(text) + 2 * len(HAN.findall(text))


def is_chinese(text):
    return len(HAN.findall(text)) * 4 > len(text) * 0.6


def first_paragraph(markdown, least=40):
    """What the page retrieval test asks with: the first prose paragraph below the title."""
    body = "\n\n".join(part for _, part in sections(markdown))
    found = [p for p in paragraphs(body, least) if not re.match(r"^(import|export) ", p)]
    return found[0] if found else ""
