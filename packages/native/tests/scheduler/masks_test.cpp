// Sequences that wait for one another's masks, in a lane of their own: which step makes a mask changes no text.
#include <random>

#include "../byte_tokenizer.h"
#include "check.h"
#include "decode/grammar/description.h"
#include "fake_model.h"
#include "scheduler/causal_lane.h"

using namespace fake;

namespace {

struct Run {
  std::vector<std::vector<TokenId>> texts;  // by request
  std::uint64_t steps = 0;
};

// Six requests at once, every other one under a grammar.
Run run(std::uint64_t mask_ns, int prefill_chunk) {
  const FakeModel model;
  RunningStep running;
  Counters counters;
  LaneLimits limits{.context_tokens = 1024, .max_sequences = 6, .prefill_chunk = prefill_chunk,
                    .kv_memory_bytes = 100 * model.page_geometry().page_bytes(), .mask_ns = mask_ns};
  CausalLane lane(model, nullptr, limits, running, counters);
  CHECK(lane.prepare().ok());
  const grammar_test::ByteTokenizer tokenizer;
  auto rules = grammar::grammar_of(R"({"type":"regex","pattern":"[!-0]*[#%]{20}"})");
  CHECK(rules.ok());
  auto compiled = grammar::CompiledGrammar::make(std::move(*rules), grammar::TokenIndex::of(tokenizer, vocabulary));
  CHECK(compiled.ok());
  Collector collector;
  const SharedEventSink sink = collector.sink();
  std::mt19937 random(1);
  for (std::uint64_t id = 0; id < 6; ++id) {
    GenerateRequest request;
    for (int i = 0; i < 60 + int(id) * 37; ++i) request.tokens.push_back(TokenId(random() % vocabulary));
    request.max_tokens = 90;
    request.sampling.temperature = 1;
    request.sampling.seed = id;
    if (id % 2 == 0) request.grammar = *compiled;
    auto made = std::make_shared<Request>();
    made->id = id;
    made->sink = sink;
    made->work = std::move(request);
    lane.accept(std::move(made));
  }
  Run result;
  for (bool worked = true; worked; ++result.steps) {
    EventBatch events;
    worked = lane.step(events);
    events.deliver();
  }
  for (std::uint64_t id = 0; id < 6; ++id) {
    CHECK_EQ(collector.of(id).ends, 1);
    CHECK(collector.of(id).last.kind == EngineEvent::Kind::finish);
    result.texts.push_back(collector.of(id).tokens);
  }
  return result;
}

}  // namespace

TEST("a step makes masks for a time, and who waits for the next has the same text") {
  for (const int chunk : {48, 256}) {
    const Run together = run(~std::uint64_t(0), chunk), apart = run(0, chunk);
    CHECK(together.texts == apart.texts);
    // Three under a grammar in turn, where all others go on in each step.
    CHECK(apart.steps > 2 * together.steps);
  }
}
