"""Step 6: GGUF files of the package (token tables in Q4_0, matrices in Q8_0, vectors in F32), their manifest, and
reference vectors computed by PyTorch from the weights as they stand in the files.

Writes ../models/{embed,static}.gguf, ../models/manifest.json and ../test/fixtures/embed-reference.json.
"""
import hashlib
import json

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from common import CACHE, DATA, MODELS, PACKAGE, read_jsonl
from model import SHAPE, Embedder, pad, pooled

VERSION = "0.1.0"
Q4, Q8 = gguf.GGMLQuantizationType.Q4_0, gguf.GGMLQuantizationType.Q8_0


def write(path, architecture, tensors, fields):
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_name(f"@trivium/nano {path.stem} {VERSION}")
    writer.add_license("MIT")
    for name, value in fields.items():
        {str: writer.add_string, bool: writer.add_bool, int: writer.add_uint32, float: writer.add_float32}[type(value)](name, value)
    writer.add_quantization_version(2)
    for name, (value, dtype) in tensors.items():
        value = np.ascontiguousarray(value, np.float32)
        if dtype is None:
            writer.add_tensor(name, value)
        else:
            writer.add_tensor(name, gguf.quants.quantize(value, dtype), raw_dtype=dtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read(path):
    """Name -> f32 tensor, as any reader of the file sees it."""
    return {t.name: torch.from_numpy(gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32).copy())
            for t in gguf.GGUFReader(str(path)).tensors}


def shipped():
    """(tokenizer, static rows, contextual model) from the files of the package."""
    field = gguf.GGUFReader(str(MODELS / "embed.gguf")).fields["tokenizer.huggingface.json"]
    model = Embedder()
    model.load_state_dict(read(MODELS / "embed.gguf"))
    return Tokenizer.from_str(field.contents()), read(MODELS / "static.gguf")["token_embd.weight"], model.eval()


def trained():
    """(static rows, state of the contextual model) of the last trainings; what was not trained here stays as shipped."""
    static, contextual = CACHE / "static.pt", CACHE / "contextual.pt"
    rows = torch.load(static)["rows"] if static.exists() else read(MODELS / "static.gguf")["token_embd.weight"]
    return rows, torch.load(contextual, weights_only=False)["model"] if contextual.exists() else read(MODELS / "embed.gguf")


def static_vector(rows, ids):
    return F.normalize(rows[torch.tensor(ids, dtype=torch.long)].sum(0), dim=0)


def reference_texts():
    long = (DATA / "long" / "d2l-zh.md").read_text(encoding="utf-8")
    page = next(read_jsonl(DATA / "parallel" / "vue-docs.en-zh.jsonl"))
    return [
        "", " \n\t ", "a", "的", ".", "Hello, world!", "你好，世界！", "What is a reactive proxy?", "如何配置开发服务器？",
        "The quick brown fox jumps over the lazy dog.", "本节介绍如何在容器中挂载持久卷。", "Vue 3 的 Composition API 与 React Hooks 有什么不同？",
        "const x = await fetch(`/api/${id}`); // 取数据", "def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)",
        "| a | b |\n|---|---|\n| 1 | 2 |", "ＦＵＬＬ ｗｉｄｔｈ １２３ ﬁ ligature", "naïve café Straße ЖУК Ελλάδα", "😀👩‍👩‍👧 emoji 🇨🇳",
        "日本語のテキスト と 한국어 텍스트", "1234567890 3.14159 2026-11-24", "=" * 40, "supercalifragilisticexpialidocious" * 3,
        page["en"][:1500], page["zh"][:900], long[20000:21200], long[400000:404000],
    ]


def main():
    MODELS.mkdir(exist_ok=True)
    tokenizer = (CACHE / "tokenizer.json").read_text(encoding="utf-8")
    rows, state = trained()
    dtype = lambda n, v: None if v.dim() == 1 else Q4 if n.startswith("token_embd") else Q8
    write(MODELS / "embed.gguf", "bert", {n: (v.numpy(), dtype(n, v)) for n, v in state.items()}, {
        "bert.context_length": SHAPE["context"], "bert.embedding_length": SHAPE["width"],
        "bert.block_count": SHAPE["layers"], "bert.feed_forward_length": SHAPE["ffn"],
        "bert.attention.head_count": SHAPE["heads"], "bert.attention.layer_norm_epsilon": SHAPE["eps"],
        "bert.attention.causal": False, "bert.pooling_type": 1, "tokenizer.huggingface.json": tokenizer})
    # A common factor of all rows changes no vector; this one keeps the 4-bit scales well inside float16.
    write(MODELS / "static.gguf", "static-embedding", {"token_embd.weight": ((rows / rows.std()).numpy(), Q4)}, {
        "static-embedding.embedding_length": SHAPE["width"], "tokenizer.file": "embed.gguf"})
    files = {f: (MODELS / f).read_bytes() for f in ("embed.gguf", "static.gguf")}
    (MODELS / "manifest.json").write_text(json.dumps({"version": VERSION, "files": {
        f: {"bytes": len(b), "sha256": hashlib.sha256(b).hexdigest()} for f, b in files.items()}}, indent=2) + "\n")
    tk, table, model = shipped()
    rounded = lambda v: [round(float(x), 6) for x in v]
    cases = []
    for text in reference_texts():
        ids = tk.encode(text).ids
        with torch.no_grad():
            vector = pooled(model(*pad([ids], SHAPE["context"])))[0] if ids else torch.zeros(SHAPE["width"])
        cases.append({"text": text, "ids": ids, "embedding": rounded(vector), "static": rounded(static_vector(table, ids))})
    target = PACKAGE / "test" / "fixtures" / "embed-reference.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    note = ("float32 from the dequantised weights; ids beyond 512 are cut for `embedding`, all count for `static`; "
            "no tokens: a zero vector")
    target.write_text(json.dumps({"note": note, "cases": cases}, ensure_ascii=False, separators=(",", ":")) + "\n")
    print({f: len(b) for f, b in files.items()}, "total", sum(map(len, files.values())), len(cases), "reference texts")


if __name__ == "__main__":
    main()
