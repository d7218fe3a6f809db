"""The contextual embedder in PyTorch: plain BERT (post-norm, learned positions), mean pooling, unit length.

Parameter names are close to GGUF's so that export.py is a table. Refuses to know: training and files.
"""
import torch
import torch.nn.functional as F
from torch import nn

SHAPE = {"vocabulary": 24576, "width": 256, "layers": 4, "heads": 4, "ffn": 512, "context": 512, "eps": 1e-12}


class Layer(nn.Module):
    def __init__(self, s):
        super().__init__()
        w, f = s["width"], s["ffn"]
        self.heads = s["heads"]
        self.attn_q, self.attn_k, self.attn_v, self.attn_output = (nn.Linear(w, w) for _ in range(4))
        self.attn_output_norm, self.layer_output_norm = (nn.LayerNorm(w, eps=s["eps"]) for _ in range(2))
        self.ffn_up, self.ffn_down = nn.Linear(w, f), nn.Linear(f, w)

    def forward(self, x, mask):
        split = lambda t: t.view(*t.shape[:2], self.heads, -1).transpose(1, 2)
        y = F.scaled_dot_product_attention(split(self.attn_q(x)), split(self.attn_k(x)), split(self.attn_v(x)),
                                           attn_mask=mask[:, None, None, :])
        x = self.attn_output_norm(x + self.attn_output(y.transpose(1, 2).reshape(x.shape)))
        return self.layer_output_norm(x + self.ffn_down(F.gelu(self.ffn_up(x))))


class Embedder(nn.Module):
    def __init__(self, shape=SHAPE):
        super().__init__()
        self.token_embd = nn.Embedding(shape["vocabulary"], shape["width"])
        self.position_embd = nn.Embedding(shape["context"], shape["width"])
        self.token_embd_norm = nn.LayerNorm(shape["width"], eps=shape["eps"])
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape["layers"]))
        for name, p in self.named_parameters():
            if p.dim() == 2:
                # Small outputs at first: training starts where the mean of the static vectors already is.
                nn.init.normal_(p, std=0.01 if "output" in name or "ffn_down" in name or "position" in name else 0.05)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids, mask):
        x = self.token_embd_norm(self.token_embd(ids) + self.position_embd.weight[:ids.shape[1]])
        for layer in self.blk:
            x = layer(x, mask)
        return F.normalize((x * mask[..., None]).sum(1), dim=-1)


def pad(sequences, limit):
    n = min(limit, max(map(len, sequences)))
    ids = torch.zeros(len(sequences), n, dtype=torch.long)
    mask = torch.zeros(len(sequences), n, dtype=torch.bool)
    for i, s in enumerate(sequences):
        k = min(n, len(s))
        ids[i, :k] = torch.as_tensor(s[:k], dtype=torch.long)
        mask[i, :k] = True
    return ids, mask


def encode(model, sequences, limit):
    """Unit vectors of many texts, in chunks of like length so that little is spent on padding."""
    order = sorted(range(len(sequences)), key=lambda i: min(limit, len(sequences[i])))
    parts = [model(*pad([sequences[j] for j in order[i:i + 32]], limit)) for i in range(0, len(order), 32)]
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return torch.cat(parts)[back]
