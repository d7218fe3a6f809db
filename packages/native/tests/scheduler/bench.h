// A fake model under an engine of its own, and what tests ask of it.
#pragma once
#include <random>

#include "check.h"
#include "fake_model.h"

namespace fake {

struct Bench {
  std::shared_ptr<EngineCore> core = EngineCore::make();
  std::shared_ptr<FakeModel> model;
  Collector collector;
  SharedEventSink sink = collector.sink();
  std::shared_ptr<EngineModel> engine_model;

  explicit Bench(const ModelOptions& options = {}, ModelKind kind = ModelKind::causal, int context = 1024)
      : model(std::make_shared<FakeModel>(kind, context)) {
    auto added = core->add(model, std::make_shared<FakeTokenizer>(), options);
    CHECK(added.ok());
    if (added.ok()) engine_model = *added;
  }
  ~Bench() {
    engine_model.reset();
    core->shutdown();
  }
};

inline GenerateRequest random_request(std::mt19937& random, int longest, int most) {
  GenerateRequest request;
  request.tokens.assign(1 + random() % longest, 0);
  for (TokenId& token : request.tokens) token = TokenId(random() % vocabulary);
  request.max_tokens = 1 + int(random() % most);
  request.sampling.temperature = random() % 2 ? 1.0f : 0.0f;
  request.sampling.seed = random();
  return request;
}

inline ModelOptions small(int pages, int sequences = 4, int chunk = 48) {
  ModelOptions options;
  options.kv_memory_bytes = std::size_t(pages) * FakeModel().page_geometry().page_bytes();
  options.max_sequences = sequences;
  options.prefill_chunk = chunk;
  options.max_queue = 2000;
  return options;
}

inline void check_idle(Bench& bench) {
  const EngineStats stats = bench.core->stats();
  CHECK_EQ(stats.live_sequences, 0);
  CHECK_EQ(stats.queued_requests, 0);
}

}  // namespace fake
