"""Step 1: training pairs and plain text out of the shared data.

Takes only sets whose licence allows it, keeps whole sets back, drops near-duplicates of them, and writes
.cache/pairs.jsonl ({k: kind, s: set, a, b}), .cache/pages.jsonl ({set, path, en?, zh?}), .cache/texts.jsonl (for the
tokenizer) and .cache/report.json.
Kinds: P paragraphs, T titles, S sections, G page starts (English | Chinese); Q heading -> section (also across
languages); F first sentence -> rest; R paraphrases.
"""
import collections
import glob
import json
import random
import re

from common import (ALLOWED_LICENCES, CACHE, DATA, HAN, HELD_BACK, SHARE_ALIKE, headings, is_chinese, paragraphs, plain,
                    read_jsonl, sections, set_name, weight, without_fences)

random.seed(7)


def licences():
    """Set name -> licence words, from the table in the data's README."""
    table = {}
    for line in (DATA / "README.md").read_text(encoding="utf-8").splitlines():
        for name in re.findall(r"`(?:parallel|text)/([\w-]+)\.", line):
            table[name] = line.rstrip("| \n").rsplit("|", 1)[1]
    return table


def shingles(text, stride=1):
    """Word 8-grams of English and 14-grams of Han text: two pages that share many of them say the same."""
    words = re.findall(r"[a-z0-9_]+", text.lower())
    han = "".join(HAN.findall(text))
    for i in range(0, len(words) - 7, stride):
        yield hash(" ".join(words[i:i + 8]))
    for i in range(0, len(han) - 13, stride):
        yield hash(han[i:i + 14])


def held_back_shingles():
    seen = set()
    for name in HELD_BACK:
        for path in glob.glob(str(DATA / "parallel" / f"{name}.*")) + glob.glob(str(DATA / "text" / f"{name}.*")):
            for page in read_jsonl(path):
                for key in ("en", "zh", "text"):
                    seen.update(shingles(without_fences(page.get(key, ""))))
    seen.update(shingles((DATA / "long" / "d2l-zh.md").read_text(encoding="utf-8")))
    return seen


def overlap(text, seen):
    mine = list(shingles(without_fences(text), 3))
    return sum(s in seen for s in mine) / len(mine) if len(mine) >= 8 else 0.0


def both_ways(pairs, head, body, s):
    """One monolingual and one cross-lingual heading -> section pair; head and body are {en, zh}."""
    lang = random.choice(("en", "zh"))
    other = "zh" if lang == "en" else "en"
    for h, b in ((head[lang], body[lang]), (head[lang], body[other])):
        if weight(h) >= 10 and weight(b) >= 60:
            pairs.append(("Q", s, h, b[:900]))


def sentence_and_rest(pairs, text, s):
    m = re.match(r"(.{15,240}?[.!?。！？])\s*(.{60,})", text)
    if m:
        pairs.append(("F", s, m.group(1), m.group(2)[:700]))


def from_page(page, s, pairs):
    en, zh = page["en"], page["zh"]
    A, B = sections(en), sections(zh)
    aligned = len(A) == len(B)
    titles = {"en": A[0][0] or page["path"], "zh": B[0][0] or page["path"]}
    if not aligned:
        A, B = [("", en)], [("", zh)]
    for (he, be), (hz, bz) in zip(A, B):
        a, b = paragraphs(be), paragraphs(bz)
        if len(a) == len(b):
            pairs += [("P", s, x[:700], y[:450]) for x, y in zip(a, b) if len(HAN.findall(y)) > 4]
        elif a and b:
            pairs.append(("P", s, a[0][:700], b[0][:450]))
            if len(a) > 1 and len(b) > 1:
                pairs.append(("P", s, a[-1][:700], b[-1][:450]))
        if aligned and he and len(HAN.findall(hz)) > 1:
            pairs.append(("T", s, he, hz))
            # A section's own heading is often a bare word ("Usage"): half of the queries carry the page's title too.
            titled = random.random() < 0.5 and titles["en"] != he
            body = {"en": " ".join(a), "zh": " ".join(b)}
            both_ways(pairs, {"en": f"{titles['en']} {he}" if titled else he,
                              "zh": f"{titles['zh']} {hz}" if titled else hz}, body, s)
        if aligned and weight(be) > 300 and len(HAN.findall(bz)) > 30:
            # Sections as the index will meet them: code left in, half of them with their markup.
            shape = plain if random.random() < 0.5 else (lambda t: " ".join(t.split()))
            pairs.append(("S", s, shape(f"{he}\n{be}")[:1800], shape(f"{hz}\n{bz}")[:1200]))
        if a and random.random() < 0.35:
            sentence_and_rest(pairs, random.choice(a), s)
        if b and random.random() < 0.35:
            sentence_and_rest(pairs, random.choice(b), s)
    ep, zp = paragraphs(en), paragraphs(zh)
    if ep and zp and len(HAN.findall(zh)) > 30:
        start = {"en": " ".join([*headings(en)[:12], *ep[:3]])[:1200], "zh": " ".join([*headings(zh)[:12], *zp[:3]])[:700]}
        pairs.append(("G", s, start["en"], start["zh"]))
        pairs.append(("G", s, ep[0][:600], start["zh"]))
        pairs.append(("G", s, start["en"], zp[0][:400]))


def from_text(text, s, pairs):
    parts = sections(text)
    title = parts[0][0]
    for head, body in parts:
        ps = paragraphs(body)
        if ps and head:
            h = f"{title} {head}" if random.random() < 0.5 and title != head else head
            if weight(h) >= 10 and weight(" ".join(ps)) >= 60:
                pairs.append(("Q", s, h, " ".join(ps)[:900]))
        if ps and random.random() < 0.35:
            sentence_and_rest(pairs, random.choice(ps), s)


def from_fiction(pairs, texts):
    """SQuALITY's training stories: sentences to distil on, and answers to one question as paraphrases."""
    for story in read_jsonl(DATA / "summaries" / "squality-train.jsonl"):
        flat = " ".join(story["document"].split())
        texts.append(flat)
        words = flat.split()
        for i in range(0, len(words) - 80, 60):
            sentence_and_rest(pairs, " ".join(words[i:i + 80]), "squality-train")
        for question in story["questions"]:
            answers = question["responses"]
            for x, y in zip(answers, answers[1:]):
                pairs.append(("R", "squality-train", x[:900], y[:900]))
            pairs.append(("Q", "squality-train", question["question"], random.choice(answers)[:900]))


def main():
    CACHE.mkdir(parents=True, exist_ok=True)
    allowed, seen = licences(), held_back_shingles()
    pairs, texts, dropped, used = [], [], collections.Counter(), collections.Counter()
    pages = open(CACHE / "pages.jsonl", "w", encoding="utf-8")
    for folder in ("parallel", "text"):
        for path in sorted(glob.glob(str(DATA / folder / "*.jsonl*"))):
            s = set_name(path)
            if s in HELD_BACK or s in SHARE_ALIKE:
                continue
            if s != "code":
                assert ALLOWED_LICENCES.search(allowed[s]) and "-SA" not in allowed[s], f"{s}: licence {allowed[s]}"
            for page in read_jsonl(path):
                parts = [page[k] for k in ("en", "zh", "text") if k in page]
                if max(overlap(t, seen) for t in parts) > 0.15:
                    dropped[f"{folder}/{s}"] += 1
                    continue
                used[f"{folder}/{s}"] += 1
                texts += parts
                if s != "code":
                    language = path.split(".")[-3] if folder == "text" else None
                    said = {language: page["text"]} if language else {"en": page["en"], "zh": page["zh"]}
                    pages.write(json.dumps({"set": s, "path": page["path"], **said}, ensure_ascii=False) + "\n")
                if folder == "parallel":
                    from_page(page, s, pairs)
                elif s != "code":
                    from_text(page["text"], s, pairs)
    pages.close()
    from_fiction(pairs, texts)
    # A heading that stands on many pages ("Usage") asks for none of them; a text said twice is kept once.
    common = collections.Counter(a.lower() for k, _, a, _ in pairs if k == "Q")
    kept, once = [], set()
    for k, s, a, b in pairs:
        key = (a.lower(), b.lower()) if k not in "PT" else a.lower()
        if key in once or (k == "Q" and common[a.lower()] > 4) or a == b:
            continue
        once.add(key)
        kept.append((k, s, a, b))
    random.shuffle(kept)
    with open(CACHE / "pairs.jsonl", "w", encoding="utf-8") as out:
        for k, s, a, b in kept:
            out.write(json.dumps({"k": k, "s": s, "a": a, "b": b}, ensure_ascii=False) + "\n")
    random.shuffle(texts)
    with open(CACHE / "texts.jsonl", "w", encoding="utf-8") as out:
        for t in texts:
            out.write(json.dumps(t, ensure_ascii=False) + "\n")
    report = {"pairs": len(kept), "kinds": collections.Counter(k for k, *_ in kept),
              "pages_used": dict(used), "near_duplicates_dropped": dict(dropped),
              "pages_used_total": sum(used.values()), "near_duplicates_dropped_total": sum(dropped.values()),
              "characters": sum(map(len, texts)), "chinese_pages": sum(is_chinese(t[:2000]) for t in texts)}
    (CACHE / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False))
    print(json.dumps({k: v for k, v in report.items() if k != "pages_used"}, ensure_ascii=False))


main()
