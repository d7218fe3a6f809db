"""The ranker in PyTorch: the embedder's BERT reads a question and a passage as one text, and a head reads the mean of its rows.

Token types say what static vectors know already: how well a token is met on the other side, and how many of the question's
passages meet it. `packages/sdk/src/documents/passage-ranker.ts` makes the same inputs; both change together.
Refuses to know: training.
"""
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from common import MODELS
from export import read
from model import SHAPE, Embedder

QUERY_TOKENS, ABOVE_TOKENS, INPUT_TOKENS = 40, 24, 256
FIRST = 0
MATCH_STEPS = torch.tensor([0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 0.999])
SHARE_STEPS = torch.tensor([0.15, 0.4, 0.8])
MET = 0.6
MATCHES, SHARES = len(MATCH_STEPS) + 1, len(SHARE_STEPS) + 1
ABOVE_TYPE = 1 + MATCHES * SHARES
TEXT_TYPE = ABOVE_TYPE + MATCHES
TYPES = TEXT_TYPE + MATCHES
# Parts of a passage's score before it is read, as search names them; the ranker's logit is learned beside them.
PARTS = {"lexical": 0.42, "static": 0.29, "document": 0.37, "late": 0.31, "window": 0.7, "pairs": 0.21}


class Ranker(Embedder):
    def __init__(self, dropout=0.0):
        super().__init__()
        width = SHAPE["width"]
        self.token_types = nn.Embedding(TYPES, width)
        self.cls, self.cls_output = nn.Linear(width, width), nn.Linear(width, 1)
        nn.init.normal_(self.token_types.weight, std=0.02)
        self.parts = nn.Parameter(torch.tensor(list(PARTS.values())))
        self.dropout = dropout

    def forward(self, ids, types, mask):
        """(texts, tokens) each -> one logit a text."""
        x = self.token_embd(ids) + self.position_embd.weight[:ids.shape[1]] + self.token_types(types)
        x = F.dropout(self.token_embd_norm(x), self.dropout, self.training)
        for layer in self.blk:
            x = layer(x, mask)
        mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return self.cls_output(torch.tanh(self.cls(mean)))[:, 0]


class Asked:
    """A question and the passages that search found for it, as ids, with what search made of them."""

    def __init__(self, row, encoded, rows):
        """`encoded`: text -> ids; `rows`: static vectors of unit length."""
        self.set, self.question = row["set"], row["question"]
        found = len(row["parts"])
        self.right = np.array(row["right"][:found])
        parts = np.array([[p[name] for name in PARTS] for p in row["parts"]])
        deviation = parts.std(0)
        self.parts = (np.where(deviation > 1e-6, parts - parts.mean(0), 0) / np.maximum(deviation, 1e-6)).astype(np.float32)
        self.query = encoded[row["question"]][:QUERY_TOKENS]
        self.passages = [(encoded[above], encoded[text]) for above, text in row["texts"][:found]]
        self._rows, self._types = rows, None

    def types(self):
        """Per passage the types of its input: question, headings, text."""
        if self._types is None:
            unit = lambda ids: self._rows[torch.from_numpy(ids.astype(np.int64))]
            asked, likest, held = unit(self.query), [], []
            for above, text in self.passages:
                cosines = asked @ unit(np.concatenate([above, text])).T
                likest.append(cosines.amax(1) if cosines.numel() else torch.zeros(len(self.query)))
                best = cosines.amax(0) if cosines.numel() else torch.zeros(len(above) + len(text))
                held.append(torch.bucketize(best.clamp(0), MATCH_STEPS).numpy())
            likest = torch.stack(likest).clamp(0)
            shares = torch.bucketize((likest >= MET).float().mean(0), SHARE_STEPS)
            wanted = (1 + torch.bucketize(likest, MATCH_STEPS) * SHARES + shares).numpy()
            self._types = [
                np.concatenate([w, (ABOVE_TYPE + h[:len(a)])[-ABOVE_TOKENS:], TEXT_TYPE + h[len(a):]]).astype(np.int16)
                for w, h, (a, _) in zip(wanted, held, self.passages)]
        return self._types

    def input(self, number, limit):
        """(ids, types) of one passage, the first token before all."""
        above, text = self.passages[number]
        ids = np.concatenate([[FIRST], self.query, above[-ABOVE_TOKENS:] if len(above) else above, text])
        return ids[:limit], np.concatenate([[0], self.types()[number]])[:limit]


NAMES = {"cls_output.weight": "cls.output.weight", "cls_output.bias": "cls.output.bias"}  # here, in the file


def state_of_shipped():
    """The state of a Ranker as ../models/rank.gguf has it."""
    here = {there: name for name, there in NAMES.items()}
    state = {here.get(name, name): value for name, value in read(MODELS / "rank.gguf").items()}
    return {**state, "parts": torch.tensor(list(PARTS.values()))}


def read_asked(rows, tokenizer, static):
    """Rows of apps/bench/rank-candidates.mjs -> Asked, in their order. `static`: the static model's rows, (tokens, width)."""
    rows, texts = list(rows), {}
    for row in rows:
        texts.update(dict.fromkeys([row["question"], *(t for pair in row["texts"] for t in pair)]))
    names = list(texts)
    for at in range(0, len(names), 4096):
        for name, one in zip(names[at:at + 4096], tokenizer.encode_batch_fast(names[at:at + 4096])):
            texts[name] = np.array(one.ids[:2 * INPUT_TOKENS], np.int32)
    unit = F.normalize(static, dim=-1)
    return [Asked(row, texts, unit) for row in rows]


def logits(model, inputs, chunk=24):
    """Of (ids, types) in their order; like lengths are read together, so that little is spent on padding."""
    order, out = sorted(range(len(inputs)), key=lambda i: len(inputs[i][0])), [None] * len(inputs)
    for at in range(0, len(order), chunk):
        some = order[at:at + chunk]
        # Few lengths, for a matrix product of a new shape is compiled first: passes took 2.8 times as long.
        longest = min(INPUT_TOKENS, -(-len(inputs[some[-1]][0]) // 32) * 32)
        ids, types = (torch.zeros(len(some), longest, dtype=torch.long) for _ in range(2))
        mask = torch.zeros(len(some), longest, dtype=torch.bool)
        for row, i in enumerate(some):
            for held, values in zip((ids, types), inputs[i]):
                held[row, :len(values)] = torch.from_numpy(values.astype(np.int64))
            mask[row, :len(inputs[i][0])] = True
        for i, value in zip(some, model(ids, types, mask)):
            out[i] = value
    return torch.stack(out)
