"""The language model in PyTorch: a plain llama row (pre-norm, RMSNorm, rotary positions, SwiGLU, tied output), so that
every reader of GGUF runs it. Parameter names are GGUF's.

Rotary pairs are neighbours (2i, 2i + 1), as llama rows of GGUF have them. Refuses to know: training and files.
"""
import torch
import torch.nn.functional as F
from torch import nn

SHAPE = {"vocabulary": 8192, "width": 256, "layers": 6, "heads": 4, "kv_heads": 2, "ffn": 1024, "context": 1024,
         "rope_base": 10000.0, "eps": 1e-5}


def rotary(positions, dim, base):
    """Cosines and sines (tokens, dim / 2)."""
    angles = positions[:, None] * base ** (-torch.arange(0, dim, 2, dtype=torch.float32) / dim)
    return angles.cos(), angles.sin()


def rotate(x, cosines, sines):
    """x (..., tokens, dim), turned pair by pair."""
    even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([even * cosines - odd * sines, even * sines + odd * cosines], -1).flatten(-2).type_as(x)


class RmsNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x):
        y = x.float()
        return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + self.eps) * self.weight).type_as(x)


class Layer(nn.Module):
    def __init__(self, s):
        super().__init__()
        width, head = s["width"], s["width"] // s["heads"]
        self.heads, self.kv_heads = s["heads"], s["kv_heads"]
        linear = lambda rows, columns: nn.Linear(columns, rows, bias=False)
        self.attn_norm, self.ffn_norm = RmsNorm(width, s["eps"]), RmsNorm(width, s["eps"])
        self.attn_q, self.attn_output = linear(width, width), linear(width, width)
        self.attn_k, self.attn_v = linear(head * s["kv_heads"], width), linear(head * s["kv_heads"], width)
        self.ffn_gate, self.ffn_up, self.ffn_down = (linear(s["ffn"], width), linear(s["ffn"], width),
                                                     linear(width, s["ffn"]))

    def forward(self, x, cosines, sines):
        y = self.attn_norm(x)
        split = lambda t, heads: t.unflatten(-1, (heads, -1)).transpose(1, 2)
        q = rotate(split(self.attn_q(y), self.heads), cosines, sines)
        k = rotate(split(self.attn_k(y), self.kv_heads), cosines, sines)
        v = split(self.attn_v(y), self.kv_heads)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=self.kv_heads < self.heads)
        x = x + self.attn_output(y.transpose(1, 2).flatten(2))
        y = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y))


class LanguageModel(nn.Module):
    def __init__(self, shape=SHAPE):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape["vocabulary"], shape["width"])
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape["layers"]))
        self.output_norm = RmsNorm(shape["width"], shape["eps"])
        for name, p in self.named_parameters():
            if p.dim() == 2:
                # What is added to the stream starts small: training begins near the identity.
                nn.init.normal_(p, std=0.005 if "output" in name or "ffn_down" in name else 0.03)

    def forward(self, ids):
        """ids (texts, tokens) to rows (texts, tokens, width) before the output matrix."""
        cosines, sines = rotary(torch.arange(ids.shape[1], dtype=torch.float32),
                                self.shape["width"] // self.shape["heads"], self.shape["rope_base"])
        x = self.token_embd(ids)
        for layer in self.blk:
            x = layer(x, cosines, sines)
        return self.output_norm(x)

    def losses(self, ids, targets):
        """Cross entropies in nats, one a target: (texts * tokens)."""
        rows = self(ids)
        logits = F.linear(rows, self.token_embd.weight.to(rows.dtype))
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
