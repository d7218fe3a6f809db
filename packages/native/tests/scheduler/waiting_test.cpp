// What a request may have to wait for, a slot or memory, comes to it.
#include <new>

#include "bench.h"
#include "check.h"

using namespace fake;

namespace {

std::atomic<bool> refuses_memory{false};  // the system, to who asks without an exception, as PagePool does

}  // namespace

void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  if (refuses_memory) return nullptr;
  try {
    return ::operator new(bytes, alignment);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

TEST("a prefill goes on beside streams that were resumed and fill every slot") {
  for (const int slots : {1, 2, 3}) {
    Bench bench(small(200, slots, 8));
    std::vector<std::uint64_t> streams;
    // Each is paused by its own first token, so that the next is admitted.
    const auto pausing = std::make_shared<EventSink>([&, collect = bench.sink](std::vector<EngineEvent>&& events) {
      for (const EngineEvent& event : events)
        if (event.kind == EngineEvent::Kind::token && bench.collector.of(event.request).tokens.empty()) bench.engine_model->pause(event.request);
      (*collect)(std::move(events));
    });
    for (int i = 0; i <= slots; ++i) {
      streams.push_back(bench.engine_model->generate({.tokens = {1, TokenId(i)}, .max_tokens = 900}, pausing).value());
      REQUIRE(bench.collector.wait_tokens(streams.back(), 1));
    }
    // The first chunk of its prefill resumes them all; by its end none of them may have come to its own.
    std::atomic<int> ended_before{-1};
    const auto resuming = std::make_shared<EventSink>([&, collect = bench.sink](std::vector<EngineEvent>&& events) {
      for (const EngineEvent& event : events) {
        if (event.kind == EngineEvent::Kind::finish) ended_before = 0;
        for (const auto stream : streams) {
          if (event.kind == EngineEvent::Kind::prefill_progress) bench.engine_model->resume(stream);
          if (event.kind == EngineEvent::Kind::finish) ended_before += bench.collector.of(stream).ends;
        }
      }
      (*collect)(std::move(events));
    });
    const GenerateRequest request{.tokens = std::vector<TokenId>(400, 9), .max_tokens = 20};
    const auto id = bench.engine_model->generate(request, resuming).value();
    REQUIRE(bench.collector.wait_ended(slots + 2));
    CHECK_EQ(ended_before.load(), 0);
    CHECK(bench.collector.of(id).tokens == expected(request));
    for (int i = 0; i <= slots; ++i)
      CHECK(bench.collector.of(streams[i]).tokens == expected({.tokens = {1, TokenId(i)}, .max_tokens = 900}));
    check_idle(bench);
  }
}

TEST("who waits is admitted when the one before got no memory from the system") {
  Bench bench(small(16, 1));
  std::vector<std::uint64_t> waiting;
  const GenerateRequest request{.tokens = {1, 2}, .max_tokens = 5};
  const auto last = std::make_shared<EventSink>([&, collect = bench.sink](std::vector<EngineEvent>&& events) {
    refuses_memory = false;
    (*collect)(std::move(events));
  });
  // Asked for on the engine thread: both are there when the next step is composed.
  const auto first = std::make_shared<EventSink>([&, collect = bench.sink](std::vector<EngineEvent>&& events) {
    waiting = {bench.engine_model->generate(request, last).value(), bench.engine_model->generate(request, bench.sink).value()};
    (*collect)(std::move(events));
  });
  refuses_memory = true;
  const auto refused = bench.engine_model->generate(request, first).value();
  const bool ended = bench.collector.wait_ended(3);
  refuses_memory = false;
  REQUIRE(ended);
  for (const auto id : {refused, waiting[0]}) CHECK(bench.collector.of(id).last.failure.code == ErrorCode::out_of_memory);
  CHECK(bench.collector.of(waiting[1]).tokens == expected(request));
  check_idle(bench);
}

TEST("logits of a context that memory just holds, and of who comes after") {
  Bench bench(small(2, 1));
  REQUIRE(bench.engine_model->context_tokens() == 128);
  const auto whole = bench.engine_model->logits({.tokens = std::vector<TokenId>(128, 2)}, bench.sink).value();
  const auto next = bench.engine_model->logits({.tokens = {3}}, bench.sink).value();
  REQUIRE(bench.collector.wait_ended(2));
  for (const auto id : {whole, next}) CHECK_EQ(bench.collector.of(id).values.size(), std::size_t(vocabulary));
}
