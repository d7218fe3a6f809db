"""The contextual embedder in PyTorch: plain BERT (post-norm, learned positions) that gives one row a token.

A text's vector is the sum of its rows at unit length; two texts are also compared row by row (`late_interaction`).
A row's length is its token's weight in both. Parameter names are close to GGUF's so that export.py is a table.
Refuses to know: training and files.
"""
import torch
import torch.nn.functional as F
from torch import nn

# The last `slack` columns carry what a light token's row lacks in length, so that the norms of BERT do not make all
# tokens weigh the same; the final norm starts out blind to them. As many as a block of Q4_0: its scale serves only them.
SHAPE = {"vocabulary": 24576, "width": 256, "layers": 4, "heads": 4, "ffn": 512, "context": 512, "eps": 1e-12,
         "slack": 32}


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
        q, k, v = (split(part(x)) for part in (self.attn_q, self.attn_k, self.attn_v))
        # Written out: with PyTorch's own a training step takes a third longer on a CPU.
        masked = torch.zeros(mask.shape, dtype=q.dtype).masked_fill(~mask, -1e4)[:, None, None, :]
        y = torch.softmax(q * q.shape[-1] ** -0.5 @ k.transpose(-1, -2) + masked, -1, dtype=q.dtype) @ v
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
                # Small outputs at first: training starts where the sum of the static vectors already is.
                nn.init.normal_(p, std=0.01 if "output" in name or "ffn_down" in name or "position" in name else 0.05)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def start_from(self, rows, slack=SHAPE["slack"]):
        """Takes static rows (tokens, width) over: their main directions, and their lengths tempered by a root."""
        width = rows.shape[1] - slack
        _, _, directions = torch.linalg.svd(rows, full_matrices=False)
        content = rows @ directions.T[:, :width]
        lengths = content.norm(dim=1, keepdim=True).clamp_min(1e-6)
        wanted = lengths ** 0.6
        wanted = (wanted / torch.quantile(wanted, 0.99)).clamp(max=0.98)
        lack = (1 - wanted ** 2).sqrt() / slack ** 0.5
        signs = torch.tensor([1.0, -1.0]).repeat(slack // 2)
        self.token_embd.weight.data = torch.cat([content / lengths * wanted, lack * signs], 1) * rows.shape[1] ** 0.5
        self.blk[-1].layer_output_norm.weight.data[width:] = 0

    def forward(self, ids, mask):
        """ids, mask: (texts, tokens). Rows: (texts, tokens, width), zero where the mask is."""
        x = self.token_embd_norm(self.token_embd(ids) + self.position_embd.weight[:ids.shape[1]])
        for layer in self.blk:
            x = layer(x, mask)
        return x.float() * mask[..., None]


def pooled(rows):
    return F.normalize(rows.sum(1), dim=-1)


def late_interaction(asked, held):
    """Scores (queries, passages) of rows (queries, m, width) and (passages, n, width): each of the query's tokens
    looks for its likest one in the passage; the mean of those cosines, weighted by the lengths of the query's rows."""
    lengths = asked.norm(dim=-1)
    a = F.normalize(asked, dim=-1).to(torch.bfloat16).flatten(0, 1)
    h = F.normalize(held, dim=-1).to(torch.bfloat16).flatten(0, 1)
    cosines = (a @ h.T).view(*asked.shape[:2], *held.shape[:2])
    # Padding of a passage has cosine 0: never the likest of a real match. Backwards, max takes half the time of amax.
    likest = cosines.max(3).values.float()
    return torch.einsum("qmp,qm->qp", likest, lengths / lengths.sum(1, keepdim=True).clamp_min(1e-6))


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
    parts = [pooled(model(*pad([sequences[j] for j in order[i:i + 32]], limit))) for i in range(0, len(order), 32)]
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return torch.cat(parts)[back]
