"""Writes src/tokenizer/unicode_tables.cpp: what the tokenizer room knows of Unicode, as two-stage tables.

    .oracles/bin/python packages/native/scripts/unicode-tables.py

Hugging Face `tokenizers` mixes several Unicode versions (Oniguruma's, the Rust standard library's, two old crates').
Ids must agree with it, so every property is asked of that package for every code point; unicodedata2 only says
where to ask. Knows nothing of the C++ that reads the tables beyond the record layout in unicode.h.
"""
import pathlib
import struct
import sys

import unicodedata2
from tokenizers import Regex, normalizers, pre_tokenizers

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
CATEGORIES = ["Cn", "Cc", "Cf", "Co", "Cs", "Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl", "No",
              "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zl", "Zp", "Zs"]
FLAGS = ["rust_space", "regex_space", "regex_word", "rust_word", "rust_numeric", "bert_punctuation", "bert_control",
         "nonspacing_mark", "combining_mark", "has_lowercase", "has_fold", "has_nfd", "has_nfkd",
         "nfc_active", "nfd_active", "nfkc_active", "nfkd_active", "han",
         "grapheme_extend", "grapheme_control", "grapheme_prepend", "pictographic"]
SHIFT = 7


def blocks(separator=""):
    for start in range(0, len(CODE_POINTS), 4096):
        chunk = CODE_POINTS[start:start + 4096]
        yield chunk, separator + separator.join(map(chr, chunk)) + separator


def pieces(pre_tokenizer, text):
    return [piece for piece, _ in pre_tokenizer.pre_tokenize_str(text)]


def removed_by(pre_tokenizer):
    """Code points that a 'removed' split takes out."""
    gone = set()
    for chunk, text in blocks():
        kept = {ord(c) for piece in pieces(pre_tokenizer, text) for c in piece}
        gone.update(c for c in chunk if c not in kept)
    return gone


def regex_set(pattern):
    return removed_by(pre_tokenizers.Split(Regex(pattern), "removed"))


def beside_a(pre_tokenizer):
    """Code points that do not stay in one piece with the letters around them."""
    apart = set()
    for chunk, text in blocks("a"):
        apart.update(ord(c) for piece in pieces(pre_tokenizer, text) if "a" not in piece for c in piece)
    return apart


def normal_forms():
    forms = {}
    for name in ("NFC", "NFD", "NFKC", "NFKD"):
        normalizer = getattr(normalizers, name)()
        forms[name] = {c: t for c in CODE_POINTS if (t := normalizer.normalize_str(chr(c))) != chr(c)}
    return forms


def combining_classes():
    nfd, classes = normalizers.NFD(), {}
    for c in CODE_POINTS:
        value = unicodedata2.combining(chr(c))
        if value == 0 or nfd.normalize_str(chr(c)) != chr(c):
            continue
        low, high = chr(c) + "\u0334", "\u0345" + chr(c)
        known = nfd.normalize_str(low) != low if value > 1 else nfd.normalize_str(high) != high
        if known:
            classes[c] = value
    return classes


def compositions():
    nfc, pairs = normalizers.NFC(), {}
    for c in CODE_POINTS:
        parts = unicodedata2.decomposition(chr(c)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            first, second = (int(part, 16) for part in parts)
            if nfc.normalize_str(chr(first) + chr(second)) == chr(c):
                pairs[first, second] = c
    return pairs


def replacing(key, by="X"):
    """SentencePiece's map with one entry. It is applied to whole graphemes, so it tells where they end: one that begins
    with the key and has at most five bytes is replaced and swallows what is joined; a longer one is not."""
    data, units = key.encode(), [0] * 0x800
    units[0] = 0x100 << 10
    at = 0x100
    for i, byte in enumerate(data):
        at ^= byte
        last = i + 1 == len(data)
        block = 0x100 * (i + 2)
        units[at] = byte | (0x100 if last else 0) | (at ^ block) << 10
        at = block
    units[at] = 1 << 31
    return normalizers.Precompiled(struct.pack("<I2048I", 0x2000, *units) + by.encode() + b"\0")


def graphemes():
    """Extend and pictographic for every code point; control and prepend where three bytes and two more can matter."""
    letter, copyright_sign = replacing("a"), replacing("\u00a9")
    extend, control, prepend, pictographic = set(), set(), set(), set()
    for c in CODE_POINTS:
        text = chr(c)
        if letter.normalize_str("a" + text) == "X": extend.add(c)
        apart = "X\u200d" + copyright_sign.normalize_str(text)
        if copyright_sign.normalize_str("\u00a9\u200d" + text) == apart and c not in extend: pictographic.add(c)
    for c in CODE_POINTS:
        if c == 0 or c > 0xFFFF: continue
        one = replacing(chr(c))
        if one.normalize_str(chr(c) + "\u0301") == "X\u0301": control.add(c)
        if one.normalize_str(chr(c) + "a") == "X": prepend.add(c)
    control.add(0)
    return {"grapheme_extend": extend, "grapheme_control": control, "grapheme_prepend": prepend, "pictographic": pictographic}


def gather():
    flags = {name: set() for name in FLAGS}
    category = dict.fromkeys(range(0x110000), "Cn")
    for name in CATEGORIES[1:]:
        if name != "Cs":
            category.update(dict.fromkeys(regex_set(r"\p{%s}" % name), name))
    category.update(dict.fromkeys(range(0xD800, 0xE000), "Cs"))
    flags["regex_space"] = regex_set(r"\s")
    flags["regex_word"] = regex_set(r"\w")
    flags.update(graphemes())
    flags["han"] = regex_set(r"\p{Han}")
    flags["rust_space"] = removed_by(pre_tokenizers.WhitespaceSplit())
    flags["bert_punctuation"] = removed_by(pre_tokenizers.Punctuation("removed"))
    flags["rust_numeric"] = beside_a(pre_tokenizers.Digits(individual_digits=True))
    whitespace_pieces = beside_a(pre_tokenizers.Whitespace())
    flags["rust_word"] = set(CODE_POINTS) - whitespace_pieces - flags["rust_space"]
    clean = normalizers.BertNormalizer(True, False, False, False)
    strip = normalizers.BertNormalizer(False, False, True, False)
    accents, lower = normalizers.StripAccents(), normalizers.Lowercase()
    lowercase, fold = {}, {}
    for c in CODE_POINTS:
        text = chr(c)
        if clean.normalize_str(text) == "": flags["bert_control"].add(c)
        if strip.normalize_str(text) == "": flags["nonspacing_mark"].add(c)
        if accents.normalize_str(text) == "": flags["combining_mark"].add(c)
        if (t := lower.normalize_str(text)) != text: lowercase[c] = t
        if len(t := text.casefold()) == 1 and t != text: fold[c] = t
    flags["has_lowercase"], flags["has_fold"] = set(lowercase), set(fold)
    forms, classes, pairs = normal_forms(), combining_classes(), compositions()
    hangul = range(0xAC00, 0xAC00 + 11172)
    nfd = {c: t for c, t in forms["NFD"].items() if c not in hangul}
    nfkd = {c: t for c, t in forms["NFKD"].items() if c not in hangul and t != nfd.get(c)}
    flags["has_nfd"], flags["has_nfkd"] = set(nfd), set(nfkd)
    seconds = {second for _, second in pairs} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
    for form in forms:
        composing = seconds if form in ("NFC", "NFKC") else set()
        flags[form.lower() + "_active"] = set(forms[form]) | set(classes) | composing
    return category, flags, classes, lowercase, fold, nfd, nfkd, pairs


def rows(values, per_line=24):
    values = [str(v) for v in values]
    return "\n".join("    " + ",".join(values[i:i + per_line]) + "," for i in range(0, len(values), per_line))


def mapping(name, table):
    pool, entries = [], []
    for c in sorted(table):
        text = [ord(x) for x in table[c]]
        entries.append("{0x%X,%d,%d}" % (c, len(pool), len(text)))
        pool += text
    return ("const char32_t pool_%s[] = {\n%s\n};\nconst Entry entries_%s[] = {\n%s\n};\n"
            % (name, rows(["0x%X" % p for p in pool], 16), name, rows(entries, 8)))


def main():
    category, flags, classes, lowercase, fold, nfd, nfkd, pairs = gather()
    records, index = {}, []
    for c in range(0x110000):
        bits = sum(1 << i for i, name in enumerate(FLAGS) if c in flags[name])
        key = (CATEGORIES.index(category[c]), classes.get(c, 0), bits)
        index.append(records.setdefault(key, len(records)))
    stage1, stage2, seen = [], [], {}
    for start in range(0, 0x110000, 1 << SHIFT):
        block = tuple(index[start:start + (1 << SHIFT)])
        if block not in seen:
            seen[block] = len(seen)
            stage2 += block
        stage1.append(seen[block])
    width = "std::uint8_t" if len(records) <= 256 else "std::uint16_t"
    width1 = "std::uint8_t" if len(seen) <= 256 else "std::uint16_t"
    body = ["// Generated by scripts/unicode-tables.py: do not edit. Properties as Hugging Face tokenizers sees them.",
            '#include "tokenizer/unicode.h"', "", "namespace trivium::unicode {", "namespace {",
            "const %s stage1[] = {\n%s\n};" % (width1, rows(stage1, 28)),
            "const %s stage2[] = {\n%s\n};" % (width, rows(stage2, 30)),
            "const Record records[] = {\n%s\n};" % rows(["{%d,%d,0x%X}" % r for r in records], 8),
            "struct Entry { char32_t from; std::uint16_t offset, length; };",
            mapping("lowercase", lowercase), mapping("fold", fold), mapping("nfd", nfd), mapping("nfkd", nfkd),
            "struct Pair { char32_t first, second, composed; };",
            "const Pair pairs[] = {\n%s\n};" % rows(["{0x%X,0x%X,0x%X}" % (a, b, c) for (a, b), c in sorted(pairs.items())], 6),
            TAIL]
    target = pathlib.Path(__file__).parent.parent / "src/tokenizer/unicode_tables.cpp"
    target.write_text("\n".join(body))
    print(len(records), "records", len(seen), "blocks", target.stat().st_size, "bytes", file=sys.stderr)


TAIL = """
template <std::size_t count>
std::u32string_view look_up(const Entry (&entries)[count], const char32_t* pool, char32_t c) {
  std::size_t low = 0, high = count;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (entries[middle].from < c) low = middle + 1; else high = middle;
  }
  if (low == count || entries[low].from != c) return {};
  return {pool + entries[low].offset, entries[low].length};
}
}  // namespace

const Record& record_of(char32_t c) {
  if (c > 0x10FFFF) c = 0xFFFD;
  return records[stage2[(std::size_t(stage1[c >> 7]) << 7) | (c & 127)]];
}
std::u32string_view lowercase_of(char32_t c) { return look_up(entries_lowercase, pool_lowercase, c); }
char32_t fold_of(char32_t c) {
  const auto folded = look_up(entries_fold, pool_fold, c);
  return folded.empty() ? c : folded[0];
}
std::u32string_view nfd_of(char32_t c) { return look_up(entries_nfd, pool_nfd, c); }
std::u32string_view nfkd_of(char32_t c) { return look_up(entries_nfkd, pool_nfkd, c); }
char32_t composition_of(char32_t first, char32_t second) {
  std::size_t low = 0, high = sizeof(pairs) / sizeof(pairs[0]);
  const std::size_t count = high;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const Pair& pair = pairs[middle];
    if (pair.first < first || (pair.first == first && pair.second < second)) low = middle + 1; else high = middle;
  }
  return low < count && pairs[low].first == first && pairs[low].second == second ? pairs[low].composed : 0;
}

}  // namespace trivium::unicode
"""

if __name__ == "__main__":
    main()
