"""Makes tests/fixtures/parity: small random checkpoints and what Hugging Face transformers computes with them.

Run with .oracles/bin/python scripts/fixtures-parity.py from packages/native. Every case is a Hugging Face folder; those
with `gguf` are also written as llama.cpp's converter would (Q and K permuted for interleaved rotation). Weights have a
standard deviation of at least 0.2 and norms and biases are not trivial, so that a wrong order of operations shows.
It refuses to know our engine: nothing here imports or calls it.
"""
import json
import shutil
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import quants
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (BertConfig, BertForSequenceClassification, BertModel, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM,
                          Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM)

ROOT = Path(__file__).resolve().parent.parent / "tests/fixtures/parity"
VOCABULARY = 64
LETTERS = [chr(c) for c in range(ord("a"), ord("z") + 1)]
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=32)

# name: (configuration, how config.json writes rope, GGUF too)
LLAMAS = {
    "llama-grouped-tied": (dict(hidden_size=48, num_attention_heads=6, num_key_value_heads=2, tie_word_embeddings=True),
                           "v5", True),
    "llama-odd-heads": (dict(hidden_size=60, num_attention_heads=3, num_key_value_heads=1), "v4", True),
    "llama-llama3-rope": (dict(hidden_size=48, num_attention_heads=4, num_key_value_heads=2, rope=LLAMA3), "v5", True),
    "llama-llama3-rope-v4": (dict(hidden_size=32, num_attention_heads=4, num_key_value_heads=4, rope=LLAMA3), "v4", False),
    "llama-bias-linear": (dict(hidden_size=40, num_attention_heads=2, num_key_value_heads=2, head_dim=28,
                               attention_bias=True, mlp_bias=True, rope=dict(rope_type="linear", factor=4.0)), "v5", False),
    "mistral-window": (dict(hidden_size=48, num_attention_heads=4, num_key_value_heads=2, sliding_window=19,
                            family="mistral"), "v4", False),
    "qwen2-grouped-tied": (dict(hidden_size=48, num_attention_heads=6, num_key_value_heads=2, tie_word_embeddings=True,
                                family="qwen2"), "v5", True),
    "qwen2-odd-heads-window": (dict(hidden_size=60, num_attention_heads=3, num_key_value_heads=1, use_sliding_window=True,
                                    sliding_window=19, max_window_layers=1, family="qwen2"), "v4", False),
    "qwen3-decoupled": (dict(hidden_size=40, num_attention_heads=4, num_key_value_heads=2, head_dim=22,
                             family="qwen3"), "v5", True),
    "qwen3-tied": (dict(hidden_size=36, num_attention_heads=3, num_key_value_heads=3, head_dim=16, attention_bias=True,
                        tie_word_embeddings=True, family="qwen3"), "v4", False),
    "llama-yarn": (dict(hidden_size=48, num_attention_heads=3, num_key_value_heads=1, rope=YARN), "v4", True),
    "qwen3-yarn": (dict(hidden_size=44, num_attention_heads=4, num_key_value_heads=1, head_dim=18, family="qwen3",
                        rope=dict(YARN, factor=8.0, attention_factor=1.35, beta_fast=16.0, beta_slow=2.0)), "v5", True),
    "qwen2-yarn-mscale": (dict(hidden_size=32, num_attention_heads=2, num_key_value_heads=1, family="qwen2",
                               rope=dict(YARN, mscale=0.9, mscale_all_dim=0.6, truncate=False)), "v4", False),
}
BERTS = {
    "bert-mean": (dict(hidden_size=36, num_attention_heads=3, hidden_act="gelu"), "mean", True, True),
    "bert-cls": (dict(hidden_size=40, num_attention_heads=5, hidden_act="gelu"), "cls", False, True),
    "bert-last-tanh": (dict(hidden_size=28, num_attention_heads=2, hidden_act="gelu_new"), "lasttoken", False, False),
}
# name: (configuration, GGUF: with the pooler, or without it as llama.cpp's converter writes BertForSequenceClassification)
CROSS_ENCODERS = {
    "bert-cross": (dict(hidden_size=36, num_attention_heads=3, hidden_act="gelu", type_vocab_size=2), True),
    "bert-cross-types": (dict(hidden_size=24, num_attention_heads=2, hidden_act="gelu", type_vocab_size=7), False),
}
QUERY = "which fox jumps"
TEXTS = ["a", "abc def", "the quick brown fox jumps over", "zz top a b c d e f g", "hello world hello world"]


def randomize(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            norm = "norm" in name.lower() and name.endswith("weight")
            parameter.copy_(1 + 0.2 * noise if norm else 0.25 * noise)


def bpe_tokenizer():
    tokens = ["<s>", "</s>", "\u0120"] + LETTERS + [chr(c) for c in range(ord("A"), ord("Z") + 1)] + list("012345678")
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    return tokenizer


def wordpiece_tokenizer(pairs=False):
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + LETTERS + ["##" + c for c in LETTERS] + list("0123456")
    tokenizer = Tokenizer(models.WordPiece({t: i for i, t in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1" if pairs else None,
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def configuration_json(config, style, architecture):
    out = {k: v for k, v in config.to_dict().items() if v is not None and not k.startswith("_")}
    out["architectures"] = [architecture]
    if style == "v4":  # as transformers 4 wrote it
        rope = dict(out.pop("rope_parameters"))
        out["rope_theta"] = rope.pop("rope_theta")
        out["rope_scaling"] = None if rope.get("rope_type", "default") == "default" else rope
        out["torch_dtype"], out["transformers_version"] = "float32", "4.46.0"
        out.pop("dtype", None)
    else:
        out["dtype"] = "float32"
    return out


def permute(weight, heads):  # (heads * head_dim, …): halves to pairs, as llama.cpp's converter does
    shape = weight.shape
    return weight.reshape(heads, 2, shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(shape)


def write_rope_scaling(writer, rope):  # as llama.cpp's converter does
    if rope["rope_type"] != "yarn":
        return
    writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
    writer.add_rope_scaling_factor(rope["factor"])
    writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    for name, add in (("attention_factor", writer.add_rope_scaling_yarn_attn_factor),
                      ("beta_fast", writer.add_rope_scaling_yarn_beta_fast),
                      ("beta_slow", writer.add_rope_scaling_yarn_beta_slow)):
        if name in rope:
            add(rope[name])


def write_llama_gguf(path, family, config, state, tokenizer, frequency_factors, stored={}):
    writer = gguf.GGUFWriter(path, family)
    writer.add_name(path.stem)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_rope_dimension_count(head_dim)
    if head_dim * config.num_attention_heads != config.hidden_size:
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
    write_rope_scaling(writer, config.rope_parameters)
    writer.add_vocab_size(config.vocab_size)
    writer.add_string("tokenizer.huggingface.json", tokenizer.to_str())
    writer.add_eos_token_id(1)
    if frequency_factors is not None:
        writer.add_tensor("rope_freqs.weight", frequency_factors)
    names = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
             "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
             "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
             "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm"}
    fixed = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
             "lm_head.weight": "output.weight"}
    for name, tensor in state.items():
        value, kind_of_file = stored.get(name, (tensor.numpy(), None))
        if name in fixed:
            writer.add_tensor(fixed[name], value, raw_dtype=kind_of_file)
            continue
        _, _, layer, rest = name.split(".", 3)
        module, kind = rest.rsplit(".", 1)
        heads = {"self_attn.q_proj": config.num_attention_heads, "self_attn.k_proj": config.num_key_value_heads}
        if family == "llama" and module in heads and kind_of_file is None:
            value = np.ascontiguousarray(permute(value, heads[module]))
        writer.add_tensor(f"blk.{layer}.{names[module]}.{kind}", value, raw_dtype=kind_of_file)
    finish(writer)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def llama_case(index, name, options, style, with_gguf):
    options = dict(options)
    family, rope = options.pop("family", "llama"), options.pop("rope", {"rope_type": "default"})
    kinds = {"llama": (LlamaConfig, LlamaForCausalLM), "mistral": (MistralConfig, MistralForCausalLM),
             "qwen2": (Qwen2Config, Qwen2ForCausalLM), "qwen3": (Qwen3Config, Qwen3ForCausalLM)}
    make_config, make_model = kinds[family]
    config = make_config(vocab_size=VOCABULARY, intermediate_size=72, num_hidden_layers=2, max_position_embeddings=256,
                         bos_token_id=0, eos_token_id=1, rms_norm_eps=1e-5, attn_implementation="eager",
                         rope_parameters={"rope_theta": 10000.0, **rope}, **options)
    model = make_model(config).eval()
    randomize(model, 100 + index)
    folder = ROOT / name
    state = {k: v.contiguous() for k, v in model.state_dict().items()
             if not (config.tie_word_embeddings and k == "lm_head.weight")}
    write_json(folder / "config.json", configuration_json(config, style, make_model.__name__))
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer = bpe_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    if with_gguf:
        factors = None
        if rope["rope_type"] == "llama3":
            plain = 1 / 10000.0 ** (np.arange(0, config.head_dim, 2) / config.head_dim)
            factors = (plain / model.model.rotary_emb.inv_freq.numpy()).astype(np.float32)
        write_llama_gguf(ROOT / f"{name}.gguf", family, config, state, tokenizer, factors)
    tokens = torch.randint(2, VOCABULARY, (150,), generator=torch.Generator().manual_seed(index))
    with torch.no_grad():
        logits = model(tokens[None]).logits[0]
        generated, gaps = list(tokens[:24].tolist()), []
        for _ in range(64):
            top = model(torch.tensor([generated])).logits[0, -1].topk(2)
            gaps.append(round(float(top.values[0] - top.values[1]), 6))
            generated.append(int(top.indices[0]))
    positions = [0, 1, 23, 63, 64, 149]
    return {"name": name, "gguf": with_gguf, "tokens": tokens.tolist(),
            "logits": [{"position": p, "values": [round(float(v), 6) for v in logits[p]]} for p in positions],
            "greedy": {"promptTokens": 24, "tokens": generated[24:], "gaps": gaps}}


def super_blocks(kind, rows, columns, random, deviation):
    """Random bits as a K type, with scales that give the values this deviation: (bytes, what gguf reads in them)."""
    size = gguf.GGML_QUANT_SIZES[kind][1]
    stored = random.integers(0, 256, (rows, columns // 256, size), dtype=np.uint8)
    scales = {"Q4_K": {0: 1.0, 2: 7.5}, "Q5_K": {0: 1.0, 2: 15.5}, "Q6_K": {208: 1.0}}[kind.name]

    def scaled(factor):
        for at, value in scales.items():
            stored[..., at:at + 2] = np.float16(value * factor).reshape(1).view(np.uint8)
        return quants.dequantize(stored.reshape(rows, -1), kind)

    values = scaled(deviation / scaled(1e-3).std() * 1e-3)
    return stored.reshape(rows, -1), values


def k_quants_case(name):
    """A llama whose matrices are Q4_K, Q5_K and Q6_K, GGUF only. Activations are eight bits there, so it is near, not equal."""
    config = LlamaConfig(vocab_size=VOCABULARY, hidden_size=256, intermediate_size=256, num_hidden_layers=1, num_attention_heads=4,
                         num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, tie_word_embeddings=True,
                         attn_implementation="eager", rope_parameters={"rope_theta": 10000.0, "rope_type": "default"})
    model, random = LlamaForCausalLM(config).eval(), np.random.default_rng(5)
    randomize(model, 150)
    kinds = {"embed_tokens": gguf.GGMLQuantizationType.Q6_K, "v_proj": gguf.GGMLQuantizationType.Q5_K,
             "down_proj": gguf.GGMLQuantizationType.Q6_K, "up_proj": gguf.GGMLQuantizationType.Q5_K}
    state, stored = dict(model.state_dict()), {}
    del state["lm_head.weight"]
    for key, tensor in state.items():  # state shares the model's memory: what is copied in, the model computes with
        if tensor.dim() < 2:
            continue
        kind = kinds.get(key.split(".")[-2], gguf.GGMLQuantizationType.Q4_K)
        stored[key], values = super_blocks(kind, *tensor.shape, random, 0.08)
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(key.split(".")[-2])
        if heads:  # the file's order back to the checkpoint's
            values = values.reshape(heads, len(values) // heads // 2, 2, -1).swapaxes(1, 2).reshape(values.shape)
        tensor.copy_(torch.from_numpy(np.ascontiguousarray(values)))
        stored[key] = (stored[key], kind)
    write_llama_gguf(ROOT / f"{name}.gguf", "llama", config, state, bpe_tokenizer(), None, stored)
    tokens = torch.randint(2, VOCABULARY, (100,), generator=torch.Generator().manual_seed(50))
    with torch.no_grad():
        logits = model(tokens[None]).logits[0]
    return {"name": name, "tokens": tokens.tolist(),
            "logits": [{"position": p, "values": [round(float(v), 6) for v in logits[p]]} for p in (0, 23, 99)]}


def write_bert_gguf(path, config, state, tokenizer, pooling):
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name(path.stem)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_layer_norm_eps(config.layer_norm_eps)
    writer.add_causal_attention(False)
    writer.add_pooling_type({"mean": gguf.PoolingType.MEAN, "cls": gguf.PoolingType.CLS, "rank": gguf.PoolingType.RANK}[pooling])
    writer.add_string("tokenizer.huggingface.json", tokenizer.to_str())
    names = {"attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
             "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
             "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm"}
    fixed = {"word_embeddings.weight": "token_embd.weight", "position_embeddings.weight": "position_embd.weight",
             "token_type_embeddings.weight": "token_types.weight", "LayerNorm.weight": "token_embd_norm.weight",
             "LayerNorm.bias": "token_embd_norm.bias"}
    head = {"pooler.dense": gguf.TENSOR_NAMES[gguf.MODEL_TENSOR.CLS], "classifier": gguf.TENSOR_NAMES[gguf.MODEL_TENSOR.CLS_OUT]}
    for name, tensor in state.items():
        module, kind = name.rsplit(".", 1)
        if module in head:
            writer.add_tensor(f"{head[module]}.{kind}", tensor.numpy())
        elif name.startswith("embeddings."):
            writer.add_tensor(fixed[name.removeprefix("embeddings.")], tensor.numpy())
        elif name.startswith("encoder."):
            _, _, layer, rest = name.split(".", 3)
            module, kind = rest.rsplit(".", 1)
            writer.add_tensor(f"blk.{layer}.{names[module]}.{kind}", tensor.numpy())
    finish(writer)


def bert_case(index, name, options, pooling, normalize, with_gguf):
    config = BertConfig(vocab_size=VOCABULARY, intermediate_size=60, num_hidden_layers=2, max_position_embeddings=64,
                        attn_implementation="eager", **options)
    model = BertModel(config, add_pooling_layer=False).eval()
    randomize(model, 200 + index)
    folder = ROOT / name
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    write_json(folder / "config.json", configuration_json(config, "v5", "BertModel"))
    save_file({("bert." if index == 1 else "") + k: v for k, v in state.items()}, folder / "model.safetensors",
              metadata={"format": "pt"})
    tokenizer = wordpiece_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    module = "sentence_transformers.models."
    parts = [("", "Transformer"), ("1_Pooling", "Pooling")] + ([("2_Normalize", "Normalize")] if normalize else [])
    write_json(folder / "modules.json", [{"idx": i, "name": str(i), "path": path, "type": module + kind}
                                         for i, (path, kind) in enumerate(parts)])
    old = {f"pooling_mode_{mode}": mode.startswith(pooling) for mode in ("cls_token", "mean_tokens", "max_tokens")}
    write_json(folder / "1_Pooling/config.json", {"word_embedding_dimension": config.hidden_size, **old} if index != 2
               else {"embedding_dimension": config.hidden_size, "pooling_mode": pooling})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 48, "do_lower_case": False})
    write_json(folder / "config_sentence_transformers.json",
               {"prompts": {"query": "query: ", "passage": "passage: "}, "default_prompt_name": None})
    if with_gguf:
        write_bert_gguf(ROOT / f"{name}.gguf", config, state, tokenizer, pooling)
    ids, embeddings = [], []
    for text in TEXTS:
        ids.append(tokenizer.encode(text).ids)
        with torch.no_grad():
            hidden = model(torch.tensor([ids[-1]])).last_hidden_state[0]
        pooled = {"mean": hidden.mean(0), "cls": hidden[0], "lasttoken": hidden[-1]}[pooling]
        pooled = torch.nn.functional.normalize(pooled, dim=0) if normalize else pooled
        embeddings.append([round(float(v), 6) for v in pooled])
    return {"name": name, "gguf": with_gguf, "normalized": normalize, "texts": TEXTS, "ids": ids,
            "embeddings": embeddings}


def cross_encoder_case(index, name, options, with_pooler):
    config = BertConfig(vocab_size=VOCABULARY, intermediate_size=60, num_hidden_layers=2, max_position_embeddings=64,
                        attn_implementation="eager", num_labels=1, **options)
    model = BertForSequenceClassification(config).eval()
    randomize(model, 300 + index)
    folder = ROOT / name
    state = {k: v.contiguous() for k, v in model.state_dict().items()}
    write_json(folder / "config.json", {**configuration_json(config, "v5", "BertForSequenceClassification"),
                                        "id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}})
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer = wordpiece_tokenizer(pairs=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    bare = {k.removeprefix("bert."): v for k, v in state.items() if with_pooler or "pooler" not in k}
    write_bert_gguf(ROOT / f"{name}.gguf", config, bare, tokenizer, "rank")

    def scores_of(inputs):
        folder_scores, gguf_scores = [], []
        for ids, types in inputs:
            with torch.no_grad():
                given = dict(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([types]))
                folder_scores.append(round(float(model(**given).logits), 6))
                first = model.bert(**given).last_hidden_state[:, 0]
                gguf_scores.append(folder_scores[-1] if with_pooler else round(float(model.classifier(first)), 6))
        return {"folder": folder_scores, "gguf": gguf_scores}

    encoded = [tokenizer.encode(QUERY, text) for text in TEXTS]
    pairs = [(one.ids, one.type_ids) for one in encoded]
    generator = torch.Generator().manual_seed(index)
    inputs = []
    for length in (1, 2, 17, 40, 64):
        inputs.append((torch.randint(2, VOCABULARY, (length,), generator=generator).tolist(),
                       torch.randint(0, config.type_vocab_size, (length,), generator=generator).tolist()))
    return {"name": name, "types": config.type_vocab_size, "query": QUERY, "texts": TEXTS, "pairScores": scores_of(pairs),
            "inputs": [{"tokens": ids, "types": types} for ids, types in inputs], "inputScores": scores_of(inputs),
            "untypedScores": scores_of([(ids, [0] * len(ids)) for ids, _ in inputs])}


def main():
    shutil.rmtree(ROOT, ignore_errors=True)
    ROOT.mkdir(parents=True)
    torch.set_num_threads(1)
    causal = [llama_case(i, name, *row) for i, (name, row) in enumerate(LLAMAS.items())]
    encoders = [bert_case(i, name, *row) for i, (name, row) in enumerate(BERTS.items())]
    cross_encoders = [cross_encoder_case(i, name, *row) for i, (name, row) in enumerate(CROSS_ENCODERS.items())]
    quantized = [k_quants_case("llama-k-quants")]
    (ROOT / "expected.json").write_text(json.dumps({"causal": causal, "encoders": encoders, "crossEncoders": cross_encoders,
                                                    "quantized": quantized}) + "\n")
    print(sum(f.stat().st_size for f in ROOT.rglob("*") if f.is_file()), "bytes")
    for case in causal:
        print(case["name"], "smallest greedy gap", min(case["greedy"]["gaps"]), "distinct", len(set(case["greedy"]["tokens"])))


if __name__ == "__main__":
    main()
