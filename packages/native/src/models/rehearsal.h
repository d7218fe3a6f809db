// How fast a model will run here, before it is loaded: a slice of its own plan over blank weights, timed. What it computes
// does not matter to its speed, so nothing is read but the header of the file. Knows no scheduler, no sampler and no text.
#pragma once
#include <atomic>

#include "models/spec.h"

namespace trivium {

struct Rehearsal {
  double prefill_seconds = 0;      // a token of a prompt of rehearsed_prompt tokens
  double decode_seconds = 0;       // a token after such a prompt, the head included
  double pair_seconds = 0;         // a step that decodes a token of each of two sequences: less than twice that where the
                                   // step waits for weights to arrive, about twice where it waits for arithmetic
  double weight_bytes = 0;         // that a decoded token reads, of the whole model
  double multiply_adds = 0;        // that a token takes in matrices, the head left out
  double spread = 0;               // of repeated runs: how much longer the median took than the fastest, as a share
};

inline constexpr int rehearsed_prompt = 512;

// Takes about 128 MB and a few tenths of a second; more where one layer of the model alone is larger. `unsupported` for
// models that write nothing and for layers that are too large to rehearse; `cancelled` within one operation of being told.
Result<Rehearsal> rehearse(const ModelFile& file, Backend& backend, const std::atomic<bool>* cancelled = nullptr);

}  // namespace trivium
