"""Makes the tokenizer fixtures, and compares our tokenizers with Hugging Face `tokenizers`.

    .oracles/bin/python packages/native/scripts/fixtures-tokenizer.py                     # writes tests/fixtures/tokenizer
    .oracles/bin/python packages/native/scripts/fixtures-tokenizer.py --differential TOOL # TOOL: the built tokenize_lines
        [--data ../shared/data] [--pages N] [--only NAME] [--component NAME] [--tokenizer FILE …]

The fixtures are small tokenizers trained on documentation under MIT and Apache-2.0 (the sets are named below), with
expected ids and decodings for strings that are hard. The comparison covers whole books, parallel pages, random code
points, random bytes decoded with replacement, and every component over every code point. It prints one line a set and
exits with 1 when anything differs. Knows nothing of how our side works: it only runs the tool.
"""
import argparse
import gzip
import io
import itertools
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unicodedata

import sentencepiece
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)

ROOT = pathlib.Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "packages/native/tests/fixtures/tokenizer"
TRAINING = ["rust-book", "vitest", "apisix", "ant-design"]  # MIT or Apache-2.0, English and Chinese
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
TEKKEN = GPT4O.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "").replace(r"\p{N}{1,3}", r"\p{N}")
DEEPSEEK_V3 = (r"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
               r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
               r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK_CODER = (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+")

TRICKY = [
    "", " ", "  ", "\n", "\r\n\r\n", "\t\tx", "a", "Hello, world!", "I'M can't WE'LL they'd 'S 'ſ x'Tis", "don't  stop \n\n  now ",
    "12345678901234567890", "3.14159e-10 1,000,000 ½ Ⅷ ٣٤٥ ๑๒", "👩‍👩‍👧‍👦 👍🏽 🇨🇳🇺🇸 ❤️‍🔥 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "e\u0301 é n\u0303\u0323 a\u0323\u0307 \u1e0b\u0323 ḍ̇ 각 \u1100\u1161\u11a8",
    "中文 English 混排，测试。「引号」——破折号…", "𠀀𠮷𡃁 㐀 豈 \U0002f800 \U0002ebf0 \U00030000", "こんにちは カタカナ ﾊﾝｶｸ 한국어", "مرحبا بالعالم \u200fשלום\u200e", "नमस्ते ไทย ភាសា",
    "\x00a\x00\x01\x02\x7f\x80\x9f\ufeff\u200b\u200d\u00ad", "\u2028\u2029\u0085\u00a0\u3000\u1680\u180e|", "İstanbul ıŞİK ß ẞ ŒÆ ǅ Ω Ω K Å ﬁﬂ ſ", "ΣΊΣΥΦΟΣ ΌΔΟΣ", "\ufffd\ufffe\uffff\U0010ffff\ue000",
    "<|endoftext|>", "a<|endoftext|>b", "<|begin_of_text|>x<|eot_id|> <|eot_id |>", "[CLS] a [SEP] b [MASK] [UNK] [PAD]", "<tool_call>{\"a\": 1}</tool_call>", " <s> hi </s>  x", "mid<mask>dle  <mask>  end",
    "def f(x):\n    return x ** 2  # 注释\n\n\n\tif x:\r\n        pass", "https://example.org/a_b-c?d=e&f=%20#g", "ＡＢＣ１２３！？", "  leading and trailing  ", "_a__b_ ¿qué? «oui» “quoted”", "x" * 120, "!" * 70, "ab" * 60 + "。" * 40, "\u0301\u0301 lone", "a\u0345\u0301\u0327b",
]


def random_strings(count, seed, longest=60):
    rng = random.Random(seed)
    pools = [(0, 0x7F), (0x80, 0x7FF), (0x300, 0x36F), (0x2000, 0x206F), (0x3000, 0x9FFF), (0xAC00, 0xD7A3),
             (0xE000, 0xFFFF), (0x10000, 0x10FFFF), (0x1F000, 0x1FAFF)]
    for i in range(count):
        chars = []
        for _ in range(rng.randrange(1, longest)):
            low, high = (0, 0x10FFFF) if i % 2 else rng.choice(pools)
            c = rng.randint(low, high)
            chars.append(chr(c) if not 0xD800 <= c < 0xE000 else "\ufffd")
        yield "".join(chars)


def random_bytes(count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        yield rng.randbytes(rng.randrange(1, 100)).decode("utf-8", "replace")


def pages(data, names=None):
    for path in sorted((data / "parallel").iterdir()):
        if names and path.name.split(".")[0] not in names:
            continue
        opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")
        with opened as lines:
            for line in lines:
                page = json.loads(line)
                yield from (page["en"], page["zh"])


def byte_level(pattern, vocab, special, texts, **bpe):
    tokenizer = Tokenizer(models.BPE(**bpe))
    if pattern is None:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=vocab, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def make_tokenizers(texts):
    gpt2 = byte_level(None, 2500, ["<|endoftext|>"], texts)
    gpt2.post_processor = processors.ByteLevel(trim_offsets=False)
    yield "gpt2", gpt2
    llama3 = byte_level(LLAMA3, 3000, ["<|begin_of_text|>", "<|eot_id|>"], texts, ignore_merges=True)
    llama3.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
        single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
        special_tokens=[("<|begin_of_text|>", 0)])])
    yield "llama3", llama3
    qwen2 = byte_level(QWEN2, 2800, ["<|endoftext|>", "<|im_start|>"], texts)
    qwen2.normalizer = normalizers.NFC()
    qwen2.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("</tool_call>", normalized=False)])
    qwen2.add_special_tokens([AddedToken("<mask>", lstrip=True, rstrip=True)])
    yield "qwen2", qwen2
    bert = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    bert.normalizer, bert.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    bert.decoder = decoders.WordPiece()
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    bert.train_from_iterator(texts, trainers.WordPieceTrainer(
        vocab_size=4000, limit_alphabet=1800, special_tokens=names, show_progress=False))
    bert.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    yield "bert", bert
    plain = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    plain.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    plain.train_from_iterator(texts[:40], trainers.BpeTrainer(
        vocab_size=1500, limit_alphabet=500, show_progress=False, max_token_length=12,
        special_tokens=["<unk>", "<s>", "</s>"] + ["<0x%02X>" % b for b in range(256)]))
    state = json.loads(plain.to_str())  # byte tokens are ordinary entries, as in Llama 2
    state["added_tokens"] = state["added_tokens"][:3]
    plain = Tokenizer.from_str(json.dumps(state))
    plain.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                       decoders.Strip(" ", 1, 0)])
    plain.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    yield "plain", plain


# SentencePiece's rules of normalisation: what becomes what. A map of our own keeps the fixture small; it has the shapes
# of the real one (single code points, letters with marks, deletions, spaces, one to many).
CHARACTER_RULES = (
    [(chr(0xFF01 + i), chr(0x21 + i)) for i in range(94)] + [("\u3000", " "), ("\u00a0", " "), ("\t", " "), ("\n", " "), ("\r", " ")]
    + [("\u00ad", ""), ("\u200b", " "), ("\ufeff", ""), ("\u0001", ""), ("\u007f", ""), ("\u200e", "")]
    + [(a + m, unicodedata.normalize("NFC", a + m)) for a in "aeiouncAEIOUNC" for m in "\u0300\u0301\u0302\u0303\u0308\u0327"
       if len(unicodedata.normalize("NFC", a + m)) == 1]
    + [("\ufb01", "fi"), ("\ufb02", "fl"), ("\u2460", "1"), ("\u2167", "VIII"), ("\u00bd", "1\u20442"), ("\u2122", "TM"),
       ("\u00a9", "(c)"), ("\uff76\uff9e", "\u30ac"), ("\u2126", "\u03a9"), ("\u212b", "\u00c5"), ("\u0345", "\u03b9"),
       ("\u1e9b\u0323", "\u1e69"), ("\U0001d400", "A"), ("\U0002f800", "\u4e3d"), ("\u0e33", "\u0e4d\u0e32")])
# Pieces that are special spell nothing that strings and books contain: text never becomes them here, but does in HF's
# Unigram.
PIECES = dict(unk_id=0, bos_id=1, eos_id=2, pad_id=-1, unk_piece="<|unk|>", bos_piece="<|bos|>", eos_piece="<|eos|>")


def sentencepiece_model(texts, rules=None, **options):
    """A trained processor and the bytes of its character map."""
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    model = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as file:
        if rules:
            file.write("".join("%s\t%s\n" % tuple(" ".join("%X" % ord(c) for c in side) for side in rule) for rule in rules))
            file.flush()
            options["normalization_rule_tsv"] = file.name
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_writer=model, minloglevel=2, num_threads=1, **PIECES, **options)
    normalizer_spec = protobuf_field(model.getvalue(), 3)
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()), protobuf_field(normalizer_spec, 2)


def protobuf_field(data, wanted):
    """The bytes of the first field of that number: all that is wanted of the model file, so no package for it."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 2:
            size = varint()
            if key >> 3 == wanted:
                return data[at:at + size]
            at += size
        else:
            at += {1: 8, 5: 4}[key & 7] if key & 7 else 0
            if key & 7 == 0:
                varint()
    return b""


def merges_of(processor):
    """Every cut of a piece into two others, ordered as transformers' conversion orders them."""
    ids = {processor.id_to_piece(i): i for i in range(processor.get_piece_size())}
    merges = []
    for piece, i in ids.items():
        cuts = [(piece[:k], piece[k:]) for k in range(1, len(piece)) if piece[:k] in ids and piece[k:] in ids]
        merges += [(processor.get_score(i), len(a), len(b), a, b) for a, b in sorted(cuts, key=lambda cut: (ids[cut[0]], ids[cut[1]]))]
    return ids, [(a, b) for _, _, _, a, b in sorted(merges, key=lambda m: m[:3], reverse=True)]


def add_specials(tokenizer):
    tokenizer.add_special_tokens([AddedToken(name, normalized=False) for name in ("<|unk|>", "<|bos|>", "<|eos|>")])
    return tokenizer


def make_sentencepiece(texts):
    processor, _ = sentencepiece_model(texts[:80], model_type="bpe", vocab_size=2000, character_coverage=0.98, byte_fallback=True,
                                       normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True)
    ids, merges = merges_of(processor)
    spm = add_specials(Tokenizer(models.BPE(ids, merges, unk_token="<|unk|>", fuse_unk=True, byte_fallback=True)))
    spm.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    spm.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    spm.post_processor = processors.TemplateProcessing(single="<|bos|> $A", pair="<|bos|> $A <|bos|>:1 $B:1", special_tokens=[("<|bos|>", 1)])
    yield "spm", spm
    for name, fallback, rules in (("unigram", False, CHARACTER_RULES), ("unigram-bytes", True, None)):
        options = {} if rules else dict(normalization_rule_name="identity", remove_extra_whitespaces=False)
        processor, charsmap = sentencepiece_model(texts[:120], rules, model_type="unigram", vocab_size=2000, character_coverage=0.985,
                                                  byte_fallback=fallback, **options)
        vocab = [(processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.get_piece_size())]
        unigram = add_specials(Tokenizer(models.Unigram(vocab, 0, fallback)))
        steps = [normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")]
        if rules:
            unigram.normalizer = normalizers.Sequence([normalizers.Precompiled(charsmap)] + steps)
        space = pre_tokenizers.Metaspace(prepend_scheme="always")
        unigram.pre_tokenizer = space
        metaspace = decoders.Metaspace(prepend_scheme="always")
        unigram.decoder = decoders.Sequence([decoders.ByteFallback(), metaspace]) if fallback else metaspace
        unigram.post_processor = processors.TemplateProcessing(single="$A <|eos|>", pair="$A <|eos|> $B:1 <|eos|>:1", special_tokens=[("<|eos|>", 2)])
        yield name, unigram


def write_fixtures(data):
    texts = []
    for name in TRAINING:
        texts += [text[:6000] for text in list(pages(data, [name]))[:120]]
    FIXTURES.mkdir(parents=True, exist_ok=True)
    strings = TRICKY + list(random_strings(40, 1, 24)) + list(random_bytes(20, 2))
    for name, tokenizer in itertools.chain(make_tokenizers(texts), make_sentencepiece(texts)):
        (FIXTURES / f"{name}.json").write_text(tokenizer.to_str(pretty=False), encoding="utf-8")
        cases = []
        for text in strings:
            tokenizer.encode_special_tokens = False
            parsed = tokenizer.encode(text)
            tokenizer.encode_special_tokens = True
            plain = tokenizer.encode(text)
            cases.append({"text": text, "ids": plain.ids, "parsed": parsed.ids,
                          "decoded": tokenizer.decode(parsed.ids, skip_special_tokens=False),
                          "skipped": tokenizer.decode(parsed.ids, skip_special_tokens=True)})
        tokenizer.encode_special_tokens = True
        pair = tokenizer.encode("one 一", "two 二")
        (FIXTURES / f"{name}.expected.json").write_text(json.dumps(
            {"cases": cases, "pair": {"ids": pair.ids, "types": pair.type_ids}}, ensure_ascii=False), encoding="utf-8")
        print(name, tokenizer.get_vocab_size(), (FIXTURES / f"{name}.json").stat().st_size, "bytes")


def run_tool(tool, file, mode, records, *options):
    payload = b"".join(struct.pack("<I", len(r)) + r for r in records)
    done = subprocess.run([tool, file, mode, *options], input=payload, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"{file}: {done.stderr.decode()} (exit {done.returncode})")
    out, at = [], 0
    while at < len(done.stdout):
        size, = struct.unpack_from("<I", done.stdout, at)
        out.append(done.stdout[at + 4:at + 4 + size])
        at += 4 + size
    assert len(out) == len(records), (len(out), len(records))
    return out


def ids_bytes(ids):
    return struct.pack(f"<{len(ids)}i", *ids)


def compare(tool, name, file, tokenizer, sets, decoding=True):
    """Prints one line a set; answers the number of differences."""
    total = 0
    for set_name, all_texts in sets:
        strings, tokens, differences = 0, 0, []
        for texts in chunks(all_texts):
            strings += len(texts)
            tokens += compare_chunk(tool, file, tokenizer, texts, decoding, differences)
        print(f"{name:24} {set_name:22} {strings:7} strings {tokens:9} tokens {len(differences)} differences", flush=True)
        show(differences[:3])
        total += len(differences)
    return total


def chunks(texts, characters=4_000_000):
    """A set in parts: the other side keeps a hundred bytes a token."""
    part, size = [], 0
    for text in texts:
        part.append(text)
        size += len(text)
        if size >= characters:
            yield part
            part, size = [], 0
    if part:
        yield part


def compare_chunk(tool, file, tokenizer, texts, decoding, differences):
    """Adds (what, input, ours, theirs) for each difference; answers the number of tokens."""
    def check(what, mine, theirs, inputs):
        differences.extend((what, i, m, t) for i, m, t in zip(inputs, mine, theirs) if m != t)

    records = [text.encode() for text in texts]
    ids = None
    for literal, option in ((False, ["--parse-special"]), (True, [])):
        tokenizer.encode_special_tokens = literal
        encodings = tokenizer.encode_batch_fast(texts) if hasattr(tokenizer, "encode_batch_fast") else tokenizer.encode_batch(texts)
        theirs = [ids_bytes(e.ids) for e in encodings]
        check("ids" if literal else "parsed ids", run_tool(tool, file, "ids", records, *option), theirs, texts)
        ids = ids if literal else theirs
    if decoding:
        lists = [list(struct.unpack(f"<{len(i) // 4}i", i)) for i in ids]
        for skip, option in ((False, []), (True, ["--no-special"])):
            theirs = [t.encode() for t in tokenizer.decode_batch(lists, skip_special_tokens=skip)]
            check(f"decode skip={skip}", run_tool(tool, file, "decode", ids, *option), theirs, lists)
            check(f"stream skip={skip}", run_tool(tool, file, "stream", ids, *option), theirs, lists)
    return sum(len(i) // 4 for i in ids)


def show(differences):
    for what, text, mine, theirs in differences:
        if not what.startswith(("decode", "stream")):
            mine, theirs = (struct.unpack(f"<{len(x) // 4}i", x) for x in (mine, theirs))
        first = next((k for k, (m, t) in enumerate(zip(mine, theirs)) if m != t), min(len(mine), len(theirs)))
        window = slice(max(0, first - 3), first + 8)
        print("   ", what, repr(text)[:160], "at", first, repr(mine[window]), repr(theirs[window]))


def isolated(*patterns):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns])


def component_tokenizers():
    """One component each around a model whose ids are the bytes of its pieces, with a mark at each piece's end."""
    split = [(behavior, invert) for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous")
             for invert in (False, True)]
    parts = {f"normalizer {n}": {"normalizer": v} for n, v in {
        "NFC": normalizers.NFC(), "NFD": normalizers.NFD(), "NFKC": normalizers.NFKC(), "NFKD": normalizers.NFKD(),
        "Lowercase": normalizers.Lowercase(), "StripAccents": normalizers.StripAccents(), "Nmt": normalizers.Nmt(),
        "Strip": normalizers.Strip(), "Strip left": normalizers.Strip(right=False), "Prepend": normalizers.Prepend("x "),
        "Replace": normalizers.Replace("a", "bb"), "Replace regex": normalizers.Replace(Regex(r"\s+|\p{M}"), "_"),
        "ByteLevel": normalizers.ByteLevel(), "Bert": normalizers.BertNormalizer(),
        "Bert cased": normalizers.BertNormalizer(lowercase=False), "Bert accents": normalizers.BertNormalizer(strip_accents=False),
        "NFD accents": normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase()])}.items()}
    parts.update({f"pre-tokenizer {n}": {"pre_tokenizer": v} for n, v in {
        "ByteLevel": pre_tokenizers.ByteLevel(), "ByteLevel bare": pre_tokenizers.ByteLevel(False, use_regex=False),
        "Whitespace": pre_tokenizers.Whitespace(), "WhitespaceSplit": pre_tokenizers.WhitespaceSplit(),
        "Bert": pre_tokenizers.BertPreTokenizer(), "Punctuation": pre_tokenizers.Punctuation(), "Digits": pre_tokenizers.Digits(),
        "Digits individual": pre_tokenizers.Digits(True), "Metaspace": pre_tokenizers.Metaspace(),
        "Metaspace first": pre_tokenizers.Metaspace(prepend_scheme="first", split=False),
        "CharDelimiterSplit": pre_tokenizers.CharDelimiterSplit("a"), "GPT-4o": pre_tokenizers.Split(Regex(GPT4O), "isolated"),
        "llama3": pre_tokenizers.Split(Regex(LLAMA3), "isolated"), "qwen2": pre_tokenizers.Split(Regex(QWEN2), "isolated"),
        "llama3, our regex": pre_tokenizers.Split(Regex(LLAMA3 + "|\\z"), "isolated"),
        "classes": pre_tokenizers.Split(Regex(r"[\p{L}&&[^a-z]]+|[^\S\r\n]+|\d+|[[:punct:]]{2,}?|\b\w|(?<=a)\P{L}|\x{4E00}"), "isolated"),
        "words": pre_tokenizers.Split(Regex(r"[\w&&\p{N}]+|[[:^word:]&&\p{No}]|[\p{Word}]+|\w"), "isolated"),
        "fold": pre_tokenizers.Split(Regex(r"(?i:[ks]|[d-f]+)"), "merged_with_previous"),
        "possessive": pre_tokenizers.Split(Regex(r"\p{Lu}?+\p{Ll}++|(?>\s+)(?=\S)|.$|^\p{N}"), "removed"),
        "Tekken": pre_tokenizers.Split(Regex(TEKKEN), "isolated"), "DeepSeek V3": isolated(*DEEPSEEK_V3),
        "DeepSeek Coder": pre_tokenizers.Sequence([isolated(*DEEPSEEK_CODER), pre_tokenizers.Digits(True)]),
        "Sequence": pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(False)])}.items()})
    _, charsmap = sentencepiece_model(["a few words to train on, of no interest", "nothing but the map is wanted"], model_type="char",
                                      vocab_size=24, normalization_rule_name="nmt_nfkc_cf")
    parts["normalizer Precompiled"] = {"normalizer": normalizers.Precompiled(charsmap)}
    for behavior, invert in split:
        parts[f"Split {behavior} {invert}"] = {"pre_tokenizer": pre_tokenizers.Split(Regex(r"\s+|a"), behavior, invert)}
        parts[f"Split text {behavior} {invert}"] = {"pre_tokenizer": pre_tokenizers.Split("a", behavior, invert)}
    for name, members in parts.items():
        vocab = {"<0x%02X>" % b: b for b in range(256)}
        tokenizer = Tokenizer(models.BPE(vocab, [], byte_fallback=True, end_of_word_suffix="\x1e"))
        for member, value in members.items():
            setattr(tokenizer, member, value)
        yield name, tokenizer


def component_strings():
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    spread = ["a" + "a".join(points[i:i + 512]) + "a" for i in range(0, len(points), 512)]
    alone = ["".join(points[i:i + 64]) for i in range(0, 0x20000, 64)]
    marks = [x + y + z for x in "aé각ᄀA" for y in map(chr, range(0x300, 0x370)) for z in "\u0301\u0323\u0345\u1161\u11a8"]
    company = ["\u0301", "\u200d", "\u0903", "\u0345a", "\ufe0f", "\u200d\u00a9", "\r\n", "\u1161", "\U0001f3fd"]
    clusters = ["".join(x + y for y in company) for x in points if unicodedata.normalize("NFKC", x.lower()) != x or ord(x) < 0x600]
    return [("every code point", spread), ("clusters", clusters), ("side by side", alone), ("marks", marks), ("tricky", TRICKY),
            ("random", list(random_strings(3000, 5)))]


def differential(options):
    tool, data, total = options.differential, options.data, 0
    book = data / "long/d2l-zh.md"
    sets = [("tricky", TRICKY), ("10,000 code points", list(random_strings(10000, 3))),
            ("10,000 random bytes", list(random_bytes(10000, 4)))]
    if book.exists():
        text = book.read_text(encoding="utf-8")
        sets += [("d2l-zh.md", [text]), ("d2l-zh.md by line", text.splitlines(keepends=True))]
        all_pages = list(pages(data))
        random.Random(6).shuffle(all_pages)
        sets.append(("parallel pages", all_pages[:options.pages or None]))
    files = [(path.stem, path) for path in sorted(FIXTURES.glob("*.json")) if not path.stem.endswith(".expected")]
    files += [(pathlib.Path(f).parent.parent.name, pathlib.Path(f)) for f in options.tokenizer]
    for name, path in files:
        if options.only and options.only != name:
            continue
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        total += compare(tool, name, str(path), tokenizer, sets)
    if not options.only or options.only == "components":
        strings = component_strings()
        with tempfile.TemporaryDirectory() as folder:
            for name, tokenizer in component_tokenizers():
                if not name.startswith(options.component):
                    continue
                file = pathlib.Path(folder) / "tokenizer.json"
                file.write_text(tokenizer.to_str(), encoding="utf-8")
                total += compare(tool, name, str(file), tokenizer, strings, decoding=False)
    print("differences in all:", total)
    return 1 if total else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--differential", metavar="TOOL")
    parser.add_argument("--pages", type=int, default=0, help="a sample of the parallel pages; 0: all")
    parser.add_argument("--only", help="one fixture's name, or components")
    parser.add_argument("--component", default="", help="the beginning of a component's name: only these")
    parser.add_argument("--tokenizer", nargs="*", default=[], help="further tokenizer.json files")
    options = parser.parse_args()
    if options.differential:
        sys.exit(differential(options))
    write_fixtures(options.data)


if __name__ == "__main__":
    main()
