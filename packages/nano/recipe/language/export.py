"""Step L4: ../models/language.gguf, a llama row in Q8_0 with its tokenizer and chat template, and its place in the manifest.

The file also says how many tokens of the text it was trained on, so that training can go on from it.
"""
import hashlib
import json
import sys

import gguf
import numpy as np
import torch

from common import MODELS
from language.documents import OUT
from language.model import SHAPE
from language.tokenizer import END, END_OF_TEXT, SPECIAL

VERSION = "0.1.0"
FILE = MODELS / "language.gguf"
TOKENS_READ = {"train": "trivium.training.tokens", "talks": "trivium.training.talk_tokens"}
TEMPLATE = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>\\n' }}"
            "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")


def state_of(path):
    """{model, tokens}: f32 weights as any reader of the file sees them, and the tokens of each text it was trained on."""
    reader = gguf.GGUFReader(str(path))
    return {"model": {t.name: torch.from_numpy(gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32).copy())
                      for t in reader.tensors},
            "tokens": {text: int(reader.fields[field].contents()) for text, field in TOKENS_READ.items()}}


def state_of_shipped():
    return state_of(FILE)


def write(path, state, matrices=gguf.GGMLQuantizationType.Q8_0):
    """Writes a GGUF file of a state; matrices of rows that `matrices` cannot hold would be an error."""
    tokenizer = json.loads((OUT / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = sorted(tokenizer["model"]["vocab"].items(), key=lambda item: item[1])
    assert [i for _, i in vocabulary] == list(range(SHAPE["vocabulary"]))
    merges = [" ".join(m) if isinstance(m, list) else m for m in tokenizer["model"]["merges"]]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(f"@trivium/nano language {VERSION}")
    writer.add_license("MIT")
    writer.add_languages(["en", "zh"])
    writer.add_context_length(SHAPE["context"])
    writer.add_embedding_length(SHAPE["width"])
    writer.add_block_count(SHAPE["layers"])
    writer.add_feed_forward_length(SHAPE["ffn"])
    writer.add_head_count(SHAPE["heads"])
    writer.add_head_count_kv(SHAPE["kv_heads"])
    writer.add_layer_norm_rms_eps(SHAPE["eps"])
    writer.add_rope_dimension_count(SHAPE["width"] // SHAPE["heads"])
    writer.add_rope_freq_base(SHAPE["rope_base"])
    writer.add_vocab_size(SHAPE["vocabulary"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([t for t, _ in vocabulary])
    writer.add_token_types([gguf.TokenType.CONTROL if t in SPECIAL else gguf.TokenType.NORMAL for t, _ in vocabulary])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(END_OF_TEXT)
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(END_OF_TEXT)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    for text, field in TOKENS_READ.items():
        writer.add_uint32(field, state["tokens"][text])
    writer.add_quantization_version(2)
    for name, value in state["model"].items():
        value = np.ascontiguousarray(value.float().numpy())
        if value.ndim == 1 or matrices == gguf.GGMLQuantizationType.F32:
            writer.add_tensor(name, value)
        else:
            writer.add_tensor(name, gguf.quants.quantize(value, matrices), raw_dtype=matrices)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    state = torch.load(OUT / "model.pt")
    target = sys.argv[1] if len(sys.argv) > 1 else FILE
    write(target, state)
    if target == FILE:
        manifest = json.loads((MODELS / "manifest.json").read_text())
        data = FILE.read_bytes()
        manifest["files"][FILE.name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        (MODELS / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(target, state["tokens"], "tokens read")


if __name__ == "__main__":
    main()
