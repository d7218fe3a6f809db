"""Interpolated Kneser-Ney with modified discounts (Chen and Goodman 1998), order 5, over token ids: the yardstick of the
language model. All n-grams are kept, none pruned; discounts D1, D2, D3+ of each order come from its counts of counts.

An n-gram is a row number: the id of its first n - 1 tokens among all contexts joined with its last token, so that each
order is one sorted array and a look-up is one binary search. Refuses to know: text, models.
"""
import numpy as np

ORDER = 5


class KneserNey:
    def __init__(self, ids, vocabulary):
        """ids (tokens) of the training text."""
        self.vocabulary, self.tables = vocabulary, []
        ids = np.asarray(ids, np.int64)
        # Keys of order n: (id of the context of n - 1 tokens) * vocabulary + last token. Order-1 context is id 0.
        contexts = np.zeros(len(ids), np.int64)  # context id before each position, -1 where the text has no such past
        levels = []
        for n in range(1, ORDER + 1):
            usable = contexts >= 0
            keys = contexts[usable] * vocabulary + ids[usable]
            grams, which, counts = np.unique(keys, return_inverse=True, return_counts=True)
            levels.append((grams, counts))
            # The n-gram ending at position t is the context of position t + 1 in order n + 1.
            ending = np.full(len(ids), -1, np.int64)
            ending[usable] = which
            contexts = np.concatenate([[-1], ending[:-1]])
            levels[-1] += (ending,)
        # Below the highest order a count is the number of different tokens seen before the n-gram. The (n + 1)-grams
        # that end with a given n-gram: each has one position; the n-gram's row there is its suffix.
        for n in range(ORDER - 1):
            grams, _, ending = levels[n]
            upper = levels[n + 1][2]
            at = np.flatnonzero(upper >= 0)
            rows, first = np.unique(upper[at], return_index=True)
            levels[n] = (grams, np.bincount(ending[at[first]], minlength=len(grams)), ending)
        for grams, counts, _ in levels:
            self.tables.append(self._order(grams, counts))

    def _order(self, grams, counts):
        n1, n2, n3, n4 = (max(1, int((counts == k).sum())) for k in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        discounts = np.array([0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
        # Text that repeats itself has odd counts of counts; these are what is usual then.
        if not all(0 < d < k for k, d in enumerate(discounts) if k > 0):
            discounts = np.array([0, 0.5, 1, 1.5])
        contexts = grams // self.vocabulary
        size = int(contexts[-1]) + 1
        total = np.bincount(contexts, counts, size)
        mass = np.bincount(contexts, discounts[np.minimum(counts, 3)], size)
        return {"grams": grams, "kept": np.maximum(counts - discounts[np.minimum(counts, 3)], 0), "total": total, "mass": mass}

    def log2(self, ids):
        """log2 p of each token of a text (tokens) but the first, in its own past."""
        ids = np.asarray(ids, np.int64)
        p = np.full(len(ids), 1 / self.vocabulary)
        # Row number in each order of the n-gram that ends at t; -1 where it was never seen.
        contexts = np.zeros(len(ids), np.int64)
        for table in self.tables:
            known = (contexts >= 0) & (contexts < len(table["total"]))
            c = np.where(known, contexts, 0)
            total = np.where(known, table["total"][c], 0)
            seen = total > 0
            keys = c * self.vocabulary + ids
            row = np.minimum(np.searchsorted(table["grams"], keys), len(table["grams"]) - 1)
            found = known & (table["grams"][row] == keys)
            safe = np.where(seen, total, 1)
            p = np.where(seen, np.where(found, table["kept"][row], 0) / safe + table["mass"][c] / safe * p, p)
            contexts = np.concatenate([[-1], np.where(found, row, -1)[:-1]])
        return np.log2(p[1:])
