"""Step L1: what the language model reads. Pages become clean Markdown (long code, markup and repeated paragraphs go),
and beside them stand conversations in the words of the SDK's own prompts, made from the same pages: sections, points,
notes, polish, answers, short questions. Each conversation's answer is made of sentences that its passages hold.

Writes .cache/language/{train,held}.jsonl ({set, kind, text}); held pages are those of HELD_BACK, whole sets.
Needs .cache/pages.jsonl (prepare.py) and prompts.json (prompts.mjs). Refuses to know: tokens.
"""
import json
import random
import re

from common import CACHE, DATA, FENCE, HELD_BACK, is_chinese, plain, read_jsonl, read_questions, sections, set_name, weight

OUT = CACHE / "language"
# Their Chinese is a machine's.
MACHINE_TRANSLATED = {"dify", "fastapi", "iot-for-beginners"}
SENTENCE = re.compile(r"[^.!?。！？\n]{8,}?(?:[.!?](?=\s|$)|[。！？])")


def clean(markdown, seen):
    """Prose of a page as plain Markdown. Paragraphs that stood before, on any page, are left out."""
    short = lambda m: m.group(0) if m.group(0).count("\n") <= 9 and len(m.group(0)) < 500 else "\n"
    t = FENCE.sub(short, markdown.replace("\r\n", "\n"))
    t = re.sub(r"<!--.*?-->|\{#[^}]*\}|\{\{[<%].*?[%>]\}\}|!\[[^\]]*\]\([^)]*\)|!\[[^\]]*\]\[[^\]]*\]", "", t, flags=re.S)
    t = re.sub(r"\[([^\]\n]*)\](?:\([^)\n]*\)|\[[^\]\n]*\])", r"\1", t)
    t = re.sub(r"</?[a-zA-Z][^<>\n]*>", "", t)
    t = re.sub(r"(?m)^[ \t]*(?::::.*|import .*|export .*|\.\. .*|:\w+:.*|\|.*\|)[ \t]*$", "", t)
    kept = []
    for paragraph in re.split(r"\n\s*\n", t):
        key = re.sub(r"\W+", "", paragraph.lower())
        if len(paragraph.encode()) > 60:
            if key in seen:
                continue
            seen.add(key)
        if paragraph.strip() and max(map(len, paragraph.split("\n"))) < 1500:
            kept.append(paragraph.strip("\n").rstrip())
    text = "\n\n".join(kept)
    words = sum(c.isalpha() for c in text)
    return text[:30000] if len(text.encode()) > 250 and words > 0.6 * len(re.sub(r"\s", "", text)) else ""


def talk(user, answer, system=None):
    said = [("system", system)] if system else []
    return "".join(f"<|im_start|>{role}\n{text.strip()}<|im_end|>\n"
                   for role, text in [*said, ("user", user), ("assistant", answer)])


class Talks:
    """Conversations out of one page at a time."""

    def __init__(self, rng):
        self.rng, self.prompts = rng, json.loads((OUT / "prompts.json").read_text())

    def filled(self, template, **values):
        """A block whose value is empty is left out with its heading, as the SDK does it."""
        blocks = template.split("\n\n")
        kept = [b for b in blocks if not re.fullmatch(r"[^\n]*\n\{(\w+)\}", b) or values.get(re.findall(r"\{(\w+)\}", b)[-1])]
        # One pass, so that braces of the page are text.
        return re.sub(r"\{(\w+)\}", lambda m: str(values[m.group(1)]) if m.group(1) in values else m.group(0), "\n\n".join(kept))

    def passages(self, page, language):
        """Up to four neighbouring prose passages of one or two sections: [(heading, [sentences])]."""
        found = []
        for head, body in sections(page):
            for block in re.split(r"\n\s*\n", FENCE.sub("\n", body)):
                text = plain(block)
                told = SENTENCE.findall(text)
                if 1 <= len(told) <= 9 and 60 <= weight(text) <= 1300 and is_chinese(text) == (language == "zh"):
                    found.append((head, [s.strip() for s in told]))
        if len(found) < 2:
            return []
        n = self.rng.choice((1, 2, 2, 3, 3, 4))
        at = self.rng.randrange(len(found))
        return found[at:at + n]

    def numbered(self, found, path):
        first = self.rng.choice((1, 1, self.rng.randrange(1, 60)))
        step = self.rng.choice((1, 1, 2))
        numbers = [first + i * step for i in range(len(found))]
        name = f" ({path})" if self.rng.random() < 0.7 else ""
        joined = [("" if is_chinese(told[0]) else " ").join(told) for _, told in found]
        return numbers, "\n\n".join(f"[{n}]{name}\n{text}" for n, text in zip(numbers, joined))

    def cited(self, found, numbers, most):
        """Sentences of all passages in turn, each with its number, until the words are used up."""
        said, used = [], 0
        share = max(1, round(most / len(found)))
        for (_, told), n in zip(found, numbers):
            here = 0
            for s in told:
                size = weight(s) / 5.5
                if here and here + size > share:
                    break
                said.append(f"{s[:-1]} [{n}]{s[-1]}" if self.rng.random() < 0.3 else f"{s} [{n}]")
                here += size
            used += here
        return " ".join(said), max(10, round(used))

    def instruction(self, language, title):
        forms = {"en": ("Write an introduction to {t}.", "Explain {t} to new users.", "Describe {t}.", "An overview of {t}",
                        "Write a guide to {t} for developers."),
                 "zh": ("写一篇介绍{t}的文章。", "向新用户说明{t}。", "介绍{t}。", "{t}概述", "为开发者写一份{t}指南。")}
        return self.rng.choice(forms[language]).format(t=title)

    def of(self, page, language, path):
        found = self.passages(page, language)
        title = next((h for h, _ in sections(page) if h), path.rsplit("/", 1)[-1].split(".")[0])
        if not found:
            return None
        p, rng = self.prompts[language], self.rng
        numbers, material = self.numbered(found, path)
        most = rng.choice((30, 50, 80, 120))
        said, words = self.cited(found, numbers, most)
        length = round(words * 1.6) if language == "zh" else words
        head = found[0][0] or title
        point = f"**{head}.** {found[0][1][0]} [{numbers[0]}]" if rng.random() < 0.8 else head
        common = {"instruction": self.instruction(language, title), "words": length}
        kind = rng.choice(("section",) * 4 + ("points",) * 2 + ("note", "polish", "summarize", "short", "short"))
        if kind == "section":
            sections_ = rng.randrange(1, 9)
            return talk(self.filled(p["section"], **common, outline="", passages=material, tail="", point=point,
                                    section=rng.randrange(1, sections_ + 1), sections=sections_), said, p["system"])
        if kind == "points":
            lines = [f"{i + 1}. **{(h or title)[:60]}.** {told[0]} [{n}]" for i, ((h, told), n) in enumerate(zip(found, numbers))]
            answer = "\n".join(lines)
            size = max(10, round(weight(answer) / 5.5))
            return talk(self.filled(p["points"], **{**common, "words": round(size * 1.6) if language == "zh" else size},
                                    material=material, before="", points=len(lines)), answer, p["system"])
        if kind == "note":
            return talk(self.filled(p["note"], **common, material=material), said, p["system"])
        if kind == "polish":
            return talk(self.filled(p["polish"], **common, tail="", text=said), said, p["system"])
        if kind == "summarize":
            s = self.prompts["summarize"]
            return talk(self.filled(s["prompt"], passages=material, words=words), said, s["system"])
        asked = {"en": ("What is {t}?", "Tell me about {t}.", "Explain {t}.", "{t}?"),
                 "zh": ("什么是{t}？", "介绍一下{t}。", "{t}是什么？", "说明{t}。")}[language]
        return talk(rng.choice(asked).format(t=head), " ".join(found[0][1]) if language == "en" else "".join(found[0][1]))

    def answers(self, page, language, path, questions):
        """The questions that we wrote over this page, each with passages around its answer."""
        for q in questions:
            at, end = q["start"], q["start"] + q["length"]
            blocks = [(m.start(), m.end()) for m in re.finditer(r"\S[\s\S]*?(?=\n[ \t]*\n|\Z)", page)]
            holding = next((i for i, (a, b) in enumerate(blocks) if a <= at < b), None)
            answer = plain(page[at:end])
            if holding is None or weight(answer) < 20 or is_chinese(answer) != (q["language"] == "zh"):
                continue
            first = max(0, holding - self.rng.randrange(0, 3))
            near = [plain(page[a:b])[:700] for a, b in blocks[first:holding + 2]]
            near = [t for t in near if weight(t) > 30]
            n = next((i + 1 for i, t in enumerate(near) if answer[:30] in t), None)
            if n is None:
                continue
            s = self.prompts["ask"]
            material = "\n\n".join(f"[{i + 1}] ({path})\n{t}" for i, t in enumerate(near))
            yield talk(self.filled(s["prompt"], question=q["question"], passages=material), f"{answer} [{n}]", s["system"])


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rng = random.Random(7)
    talks, seen = Talks(rng), set()
    asked = {}
    for q in read_questions():
        asked.setdefault((q["set"], q["path"], q["page_language"]), []).append(q)
    made = []
    for row in read_jsonl(CACHE / "pages.jsonl"):
        for language in ("en", "zh"):
            if language not in row or (language == "zh" and row["set"] in MACHINE_TRANSLATED):
                continue
            add = lambda kind, text: text and made.append({"set": row["set"], "kind": f"{kind}-{language}", "text": text})
            add("page", clean(row[language], seen))
            if rng.random() < 0.5:
                add("talk", talks.of(row[language], language, row["path"]))
            for text in talks.answers(row[language], language, row["path"], asked.get((row["set"], row["path"], language), ())):
                add("talk", text)
    for story in read_jsonl(DATA / "summaries" / "squality-train.jsonl"):
        paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", story["document"])]
        made.append({"set": "squality-train", "kind": "page-en", "text": "\n\n".join(p for p in paragraphs if p)[:30000]})
    rng.shuffle(made)
    held, seen = [], set()
    for name in HELD_BACK:
        for path in sorted((DATA / "parallel").glob(f"{name}.*")):
            for row in read_jsonl(path):
                for language in ("en", "zh"):
                    if text := clean(row[language], seen):
                        held.append({"set": set_name(path), "kind": f"page-{language}", "text": text[:6000]})
    rng.shuffle(held)
    for name, rows in (("train", made), ("held", held)):
        with open(OUT / f"{name}.jsonl", "w", encoding="utf-8") as out:
            for row in rows:
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
        sizes = {}
        for row in rows:
            sizes[row["kind"]] = sizes.get(row["kind"], 0) + len(row["text"].encode())
        print(name, len(rows), {k: f"{v / 1e6:.1f} MB" for k, v in sorted(sizes.items())}, flush=True)


if __name__ == "__main__":
    main()
