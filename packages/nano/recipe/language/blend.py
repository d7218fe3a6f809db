"""Step L3b: weights between two trainings. Reading conversations alone teaches copying and unlearns prose; a mean of both
weights keeps most of either.

    python language/blend.py PROSE.pt TALKS.pt 0.65      # the share of the second

Writes .cache/language/model.pt. Refuses to know: how either was trained.
"""
import sys

import torch

from language.documents import OUT


def main():
    prose, talks, share = torch.load(sys.argv[1]), torch.load(sys.argv[2]), float(sys.argv[3])
    mean = {name: value.lerp(talks["model"][name], share) for name, value in prose["model"].items()}
    torch.save({"model": mean, "tokens": talks["tokens"]}, OUT / "model.pt")


if __name__ == "__main__":
    main()
