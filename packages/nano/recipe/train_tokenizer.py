"""Step 2: one byte-level BPE tokenizer for English, Chinese and code, as a standard tokenizer.json.

White space is dropped and Han runs are capped, so that no piece is long and encoding stays linear in the text.
Writes .cache/tokenizer.json. No special tokens: nothing a user types can forge one.
"""
import json
import random

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from common import CACHE, DATA, is_chinese, read_jsonl

VOCABULARY = 24576
# \p{Lo} is where Han lives (letters without case); the caps bound the cost of one piece.
PIECE = r"\p{Lo}{1,8}|[\p{Lu}\p{Ll}\p{Lt}\p{Lm}\p{M}]{1,32}|\p{N}{1,3}|[^\s\p{L}\p{M}\p{N}]{1,16}"


def sample(characters_en=16_000_000, characters_zh=10_000_000):
    """Balanced by characters, since a Chinese character says about as much as three Latin ones."""
    left = {False: characters_en, True: characters_zh}
    for text in read_jsonl(CACHE / "texts.jsonl"):
        chinese = is_chinese(text[:3000])
        if left[chinese] > 0:
            left[chinese] -= len(text[:20000])
            yield text[:20000]


def main():
    random.seed(7)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"\s+"), behavior="removed"),
        pre_tokenizers.Split(Regex(PIECE), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(sample(), trainers.BpeTrainer(
        vocab_size=VOCABULARY, show_progress=False, max_token_length=24,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    # One line, no padding of any kind: the file travels inside the GGUF.
    text = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
    (CACHE / "tokenizer.json").write_text(text, encoding="utf-8")
    for s in ("How do I configure the webpack dev server?", "如何在组件中使用响应式状态管理", "const x = ref(0); // 计数器 v1.24.3"):
        print(Tokenizer.from_str(text).encode(s).tokens.__len__(), [tokenizer.decode([i]) for i in tokenizer.encode(s).ids])
    print(tokenizer.get_vocab_size(), "tokens,", len(text.encode()), "bytes")


main()
