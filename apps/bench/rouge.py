"""Scores summaries with PyPI's rouge-score: stemmed, best of the references, geometric mean, bootstrap intervals.

Reads JSON {"system": [{"kind", "summary", "references"}]} from the file named, prints one JSON object.
"""
import json
import random
import sys

from rouge_score import rouge_scorer

METRICS = ["rouge1", "rouge2", "rougeL"]
scorer = rouge_scorer.RougeScorer(METRICS, use_stemmer=True)


def best_scores(job):
    scores = [scorer.score(reference, job["summary"]) for reference in job["references"]]
    return [100 * max(score[metric].fmeasure for score in scores) for metric in METRICS]


def means(rows):
    return [sum(row[i] for row in rows) / len(rows) for i in range(3)]


def geometric(values):
    return (values[0] * values[1] * values[2]) ** (1 / 3)


def interval(rows, draws=1000):
    chance = random.Random(7)
    figures = sorted(geometric(means(chance.choices(rows, k=len(rows)))) for _ in range(draws))
    return [round(figures[int(draws * share)], 2) for share in (0.025, 0.975)]


result = {}
for name, jobs in json.load(open(sys.argv[1], encoding="utf-8")).items():
    for kind in sorted({job["kind"] for job in jobs}):
        rows = [best_scores(job) for job in jobs if job["kind"] == kind]
        average = means(rows)
        result.setdefault(name, {})[kind] = {
            **{metric: round(value, 2) for metric, value in zip(METRICS, average)},
            "mean": round(geometric(average), 2),
            "interval": interval(rows),
            "summaries": len(rows),
        }
print(json.dumps(result))
