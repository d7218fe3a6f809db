// One engine thread, many requests, against a model whose answer is known without a scheduler.
#include <limits>

#include "bench.h"
#include "check.h"

using namespace fake;

TEST("many requests at once: each text is what it is alone") {
  for (const int pages : {16, 18, 200}) {  // with 16, one whole context: much preemption
    Bench bench(small(pages, 16));
    std::mt19937 random(pages);
    std::map<std::uint64_t, GenerateRequest> requests;
    for (int i = 0; i < 150; ++i) {
      const GenerateRequest request = random_request(random, 300, 80);
      requests[bench.engine_model->generate(request, bench.sink).value()] = request;
    }
    REQUIRE(bench.collector.wait_ended(150));
    for (const auto& [id, request] : requests) {
      const auto outcome = bench.collector.of(id);
      CHECK(outcome.tokens == expected(request));
      CHECK_EQ(outcome.ends, 1);
      CHECK(outcome.last.kind == EngineEvent::Kind::finish);
      CHECK(outcome.last.reason == EngineEvent::FinishReason::length);
      CHECK_EQ(outcome.last.usage.output_tokens, request.max_tokens);
    }
    CHECK(bench.model->fake().largest_rows <= 48 + 16);
    check_idle(bench);
  }
}

TEST("prefix reuse gives the same text and is reported") {
  Bench bench(small(100));
  std::mt19937 random(5);
  GenerateRequest request = random_request(random, 1, 20);
  request.tokens.assign(300, 3);
  for (int i = 0; i < 3; ++i) {
    const auto id = bench.engine_model->generate(request, bench.sink).value();
    REQUIRE(bench.collector.wait_ended(i + 1));
    CHECK(bench.collector.of(id).tokens == expected(request));
    CHECK_EQ(bench.collector.of(id).last.usage.cached_tokens, i == 0 ? 0 : 256);
  }
  request.tokens.resize(256);  // whole pages: the last token is computed all the same
  const auto id = bench.engine_model->generate(request, bench.sink).value();
  REQUIRE(bench.collector.wait_ended(4));
  CHECK_EQ(bench.collector.of(id).last.usage.cached_tokens, 192);
  CHECK(bench.collector.of(id).tokens == expected(request));
  CHECK(bench.core->stats().kv_used_bytes > 0);
}

TEST("a thousand cancels at random moments") {
  Bench bench(small(40, 8));
  bench.model->fake().delay_us = 200;
  std::mt19937 random(6);
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.push_back(bench.engine_model->generate(random_request(random, 400, 60), bench.sink).value());
    if (random() % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 1500));
    bench.engine_model->cancel(ids[random() % ids.size()]);
  }
  for (const auto id : ids) bench.engine_model->cancel(id);
  REQUIRE(bench.collector.wait_ended(1000));
  for (const auto id : ids) CHECK_EQ(bench.collector.of(id).ends, 1);
  check_idle(bench);
}

TEST("cancel stops a long prefill inside its step") {
  Bench bench;
  bench.model->fake().delay_us = 20'000'000;
  const auto id = bench.engine_model->generate({.tokens = std::vector<TokenId>(500, 1)}, bench.sink).value();
  while (bench.model->fake().runs == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto start = Clock::now();
  bench.engine_model->cancel(id);
  REQUIRE(bench.collector.wait_ended(1));
  CHECK(milliseconds(start, Clock::now()) < 2000);
  CHECK(bench.collector.of(id).last.reason == EngineEvent::FinishReason::cancelled);
  CHECK_EQ(bench.model->fake().cancelled_runs.load(), 1);
}

TEST("the queue is bounded, bad requests are refused at once") {
  ModelOptions options = small(100, 2);
  options.max_queue = 3;
  Bench bench(options);
  bench.model->fake().delay_us = 2000;
  int accepted = 0, busy = 0;
  for (int i = 0; i < 20; ++i) {
    auto id = bench.engine_model->generate({.tokens = {1, 2}, .max_tokens = 200}, bench.sink);
    accepted += id.ok();
    if (!id.ok()) busy += id.error().code == ErrorCode::busy && !id.error().remedy.empty();
  }
  CHECK_EQ(accepted, 5);
  CHECK_EQ(busy, 15);
  const auto code = [&](GenerateRequest request) {
    auto id = bench.engine_model->generate(std::move(request), bench.sink);
    return id.ok() ? ErrorCode::internal : id.error().code;
  };
  CHECK(code({.tokens = {}}) == ErrorCode::invalid_argument);
  CHECK(code({.tokens = {vocabulary}}) == ErrorCode::invalid_argument);
  CHECK(code({.tokens = {1}, .max_tokens = 0}) == ErrorCode::invalid_argument);
  CHECK(code({.tokens = {1}, .stop = {""}}) == ErrorCode::invalid_argument);
  CHECK(code({.tokens = {1}, .stop = {std::string(4000, 'x'), std::string(97, 'y')}}) == ErrorCode::invalid_argument);
  CHECK(code({.tokens = std::vector<TokenId>(1024, 1)}) == ErrorCode::context_overflow);
  CHECK(bench.engine_model->embed({{{1}}}, bench.sink).error().code == ErrorCode::unsupported);
}

TEST("limits: a context memory cannot hold, generation to the context's end") {
  const auto core = EngineCore::make();
  ModelOptions options = small(4);
  options.context_tokens = 512;
  CHECK(core->add(std::make_shared<FakeModel>(), nullptr, options).error().code == ErrorCode::out_of_memory);
  Bench bench(small(4));
  CHECK_EQ(bench.engine_model->context_tokens(), 256);
  GenerateRequest request{.tokens = std::vector<TokenId>(250, 4), .max_tokens = 1000};
  const auto id = bench.engine_model->generate(request, bench.sink).value();
  REQUIRE(bench.collector.wait_ended(1));
  CHECK(bench.collector.of(id).tokens == expected(request, 256));
  CHECK(bench.collector.of(id).last.reason == EngineEvent::FinishReason::length);
}

TEST("limits: sequences are refused beyond what steps are made for, and a chunk of prefill is no larger than it can be") {
  const auto core = EngineCore::make();
  ModelOptions options = small(4, most_sequences + 1);
  const auto refused = core->add(std::make_shared<FakeModel>(), nullptr, options);
  REQUIRE(!refused.ok());
  CHECK(refused.error().code == ErrorCode::invalid_argument && !refused.error().remedy.empty());
  CHECK_EQ(refused.error().field, "maxSequences");
  CHECK_EQ(refused.error().found, std::to_string(most_sequences + 1));
  for (const int sequences : {1, 3, most_sequences}) {
    Bench bench(small(4, sequences, std::numeric_limits<int>::max()));
    const BatchShape& largest = bench.model->largest;
    CHECK_EQ(largest.tokens, std::min(256 * sequences, most_prefill_chunk) + sequences);
    CHECK_EQ(largest.sequences, sequences);
  }
}

TEST("a file that promises 2^31 - 1 tokens gets as many as memory holds") {
  Bench bench({}, ModelKind::causal, std::numeric_limits<int>::max());
  REQUIRE(bench.engine_model != nullptr);
  CHECK(bench.engine_model->context_tokens() >= 1024);
  const auto id = bench.engine_model->generate({.tokens = {1, 2, 3}, .max_tokens = 5}, bench.sink).value();
  REQUIRE(bench.collector.wait_ended(1));
  CHECK_EQ(bench.collector.of(id).tokens.size(), std::size_t(5));
}

TEST("stop tokens and stop strings") {
  Bench bench;
  GenerateRequest request{.tokens = {1, 2, 3}, .max_tokens = 40};
  const auto all = expected(request);
  std::string text;
  for (const TokenId id : all) text += char('A' + id);
  request.stop = {"no such", text.substr(10, 3)};
  const auto by_string = bench.engine_model->generate(request, bench.sink).value();
  request.stop = {text.substr(4, 2) + "?"};
  request.stop_tokens = {all[6]};
  const auto by_token = bench.engine_model->generate(request, bench.sink).value();
  REQUIRE(bench.collector.wait_ended(2));
  const auto one = bench.collector.of(by_string), two = bench.collector.of(by_token);
  CHECK_EQ(one.text, text.substr(0, text.find(text.substr(10, 3))));
  CHECK_EQ(one.last.stop_match, text.substr(10, 3));
  CHECK(one.last.reason == EngineEvent::FinishReason::stop);
  CHECK_EQ(two.text, text.substr(0, text.find(char('A' + all[6]))));
  CHECK(two.last.reason == EngineEvent::FinishReason::stop);
  CHECK_EQ(two.last.stop_match, "");
}

TEST("a paused stream stands still, others go on; its pages are taken when they must be") {
  Bench bench(small(17, 1));
  bench.model->fake().delay_us = 500;
  GenerateRequest request{.tokens = std::vector<TokenId>(100, 7), .max_tokens = 800};
  const auto paused = bench.engine_model->generate(request, bench.sink).value();
  REQUIRE(bench.collector.wait_tokens(paused, 5));
  bench.engine_model->pause(paused);
  GenerateRequest other{.tokens = std::vector<TokenId>(900, 8), .max_tokens = 100};
  bench.model->fake().delay_us = 0;
  const auto second = bench.engine_model->generate(other, bench.sink).value();
  REQUIRE(bench.collector.wait_ended(1));
  CHECK(bench.collector.of(second).tokens == expected(other));
  const auto stood = bench.collector.of(paused).tokens.size();
  CHECK(stood < 800);
  bench.engine_model->resume(paused);
  REQUIRE(bench.collector.wait_ended(2));
  CHECK(bench.collector.of(paused).tokens == expected(request));
  check_idle(bench);
}

TEST("a paused request can be cancelled; a failing step fails its requests only") {
  Bench bench;
  bench.model->fake().delay_us = 500;
  const auto paused = bench.engine_model->generate({.tokens = {1}, .max_tokens = 1000}, bench.sink).value();
  bench.engine_model->pause(paused);
  bench.engine_model->cancel(paused);
  REQUIRE(bench.collector.wait_ended(1));
  bench.model->fake().fails = true;
  const auto failed = bench.engine_model->generate({.tokens = {1}}, bench.sink).value();
  REQUIRE(bench.collector.wait_ended(2));
  CHECK(bench.collector.of(failed).last.kind == EngineEvent::Kind::error);
  bench.model->fake().fails = false;
  const GenerateRequest request{.tokens = {1}, .max_tokens = 3};
  const auto fine = bench.engine_model->generate(request, bench.sink).value();
  REQUIRE(bench.collector.wait_ended(3));
  CHECK(bench.collector.of(fine).tokens == expected(request));
}

TEST("a step that throws fails the requests that are open, as an internal error, and no later one") {
  for (const ModelKind kind : {ModelKind::causal, ModelKind::encoder}) {
    Bench bench(small(1, 4), kind, 1024);
    const auto start = [&] {
      return kind == ModelKind::causal ? bench.engine_model->generate({.tokens = {1}, .max_tokens = 3}, bench.sink).value()
                                       : bench.engine_model->embed({{{1, 2}}}, bench.sink).value();
    };
    bench.model->fake().throws = true;
    const auto failed = start();
    REQUIRE(bench.collector.wait_ended(1));
    const EngineEvent last = bench.collector.of(failed).last;
    REQUIRE(last.kind == EngineEvent::Kind::error);
    CHECK(last.failure.code == ErrorCode::internal);
    CHECK_EQ(last.failure.message, "asked to throw");
    bench.model->fake().throws = false;
    const auto fine = start();
    REQUIRE(bench.collector.wait_ended(2));
    CHECK(bench.collector.of(fine).last.kind != EngineEvent::Kind::error);
    check_idle(bench);
  }
}

TEST("logits of the last position") {
  Bench bench;
  const auto id = bench.engine_model->logits({.tokens = std::vector<TokenId>(1024, 2)}, bench.sink).value();
  REQUIRE(bench.collector.wait_ended(1));
  std::uint32_t hash = 1;
  for (int i = 0; i < 1024; ++i) hash = mix(hash, 2);
  const auto values = bench.collector.of(id).values;
  REQUIRE(values.size() == std::size_t(vocabulary));
  for (int i = 0; i < vocabulary; ++i) CHECK_EQ(values[i], float(mix(hash, i) % 1000) / 100);
  CHECK(!bench.engine_model->logits({.tokens = std::vector<TokenId>(1025, 2)}, bench.sink).ok());
}

TEST("logits that are no numbers are an error, of those who ask for them and of those who sample") {
  Bench bench(small(1, 4));
  bench.model->fake().damaged = 7;
  const auto sound = bench.engine_model->logits({.tokens = {7, 2}}, bench.sink).value();
  const auto damaged = bench.engine_model->logits({.tokens = {2, 7}}, bench.sink).value();
  const auto sampled = bench.engine_model->generate({.tokens = {2, 7}}, bench.sink).value();
  REQUIRE(bench.collector.wait_ended(3));
  CHECK(bench.collector.of(sound).last.kind == EngineEvent::Kind::logits);
  const Error failure = bench.collector.of(damaged).last.failure, same = bench.collector.of(sampled).last.failure;
  CHECK(failure.code == ErrorCode::internal && failure.field == "logits" && failure.found == "nan");
  CHECK(same.code == failure.code && same.message == failure.message);
  check_idle(bench);
}

TEST("embeddings: ragged batches, long inputs, cancel, overflow") {
  Bench bench(small(1, 4), ModelKind::encoder, 3000);
  std::mt19937 random(8);
  std::map<std::uint64_t, EmbedRequest> requests;
  for (int i = 0; i < 60; ++i) {
    EmbedRequest request;
    request.inputs.resize(1 + random() % 40);
    for (auto& input : request.inputs) {
      input.assign(1 + random() % (i == 7 ? 3000 : 100), 0);
      for (TokenId& token : input) token = TokenId(random() % vocabulary);
    }
    if (i % 3 == 2) request.wanted = EmbedRequest::Wanted::token_rows;  // pooled and unpooled inputs share steps
    requests[bench.engine_model->embed(request, bench.sink).value()] = request;
  }
  const auto cancelled = bench.engine_model->embed({std::vector<std::vector<TokenId>>(5000, {1, 2})}, bench.sink).value();
  bench.engine_model->cancel(cancelled);
  REQUIRE(bench.collector.wait_ended(61));
  for (const auto& [id, request] : requests) {
    const auto values = bench.collector.of(id).values;
    if (request.wanted == EmbedRequest::Wanted::token_rows) {
      std::vector<float> expected;
      for (const auto& input : request.inputs)
        for (std::size_t t = 0; t < input.size(); ++t) expected.insert(expected.end(), {float(input[t]), float(t)});
      CHECK(values == expected);
      continue;
    }
    REQUIRE(values.size() == 2 * request.inputs.size());
    for (std::size_t i = 0; i < request.inputs.size(); ++i) {
      float sum = 0;
      for (std::size_t t = 0; t < request.inputs[i].size(); ++t) sum += float(request.inputs[i][t]) * float(t + 1);
      CHECK_EQ(values[2 * i], sum);
    }
  }
  auto overflow = bench.engine_model->embed({{std::vector<TokenId>(3001, 1)}}, bench.sink);
  CHECK(!overflow.ok() && overflow.error().code == ErrorCode::context_overflow);
  check_idle(bench);
}

TEST("vectors and scores that are no numbers are an error of their request alone") {
  using Wanted = EmbedRequest::Wanted;
  for (const Wanted wanted : {Wanted::embeddings, Wanted::token_rows, Wanted::scores}) {
    Bench bench(small(1, 4), wanted == Wanted::scores ? ModelKind::cross_encoder : ModelKind::encoder, 3000);
    bench.model->fake().damaged = 7;
    const auto sound = bench.engine_model->embed({{{1, 2}, {3}}, wanted}, bench.sink).value();
    const auto damaged = bench.engine_model->embed({{{1, 7, 2}, {3}, {4}}, wanted}, bench.sink).value();
    REQUIRE(bench.collector.wait_ended(2));
    CHECK(bench.collector.of(sound).last.kind == EngineEvent::Kind::embedding);
    const EngineEvent last = bench.collector.of(damaged).last;
    REQUIRE(last.kind == EngineEvent::Kind::error);
    CHECK(last.failure.code == ErrorCode::internal && !last.failure.remedy.empty());
    check_idle(bench);
  }
}

TEST("scores: one an input, of its own types, whoever shares the step") {
  using enum EmbedRequest::Wanted;
  Bench bench(small(1, 4), ModelKind::cross_encoder, 300);
  std::mt19937 random(9);
  std::map<std::uint64_t, std::vector<float>> expected;
  for (int i = 0; i < 60; ++i) {
    EmbedRequest request{.wanted = scores};
    std::vector<float> sums;
    for (std::size_t n = 1 + random() % 40; n > 0; --n) {
      std::vector<TokenId> tokens(1 + random() % 100);
      std::vector<std::int32_t> types(tokens.size());
      const bool typed = i % 3 != 0 && random() % 2 == 0;
      float sum = 0;
      for (std::size_t t = 0; t < tokens.size(); ++t) {
        tokens[t] = TokenId(random() % vocabulary);
        types[t] = typed ? std::int32_t(random() % 3) : 0;
        sum += float(tokens[t]) + 100.0f * float(types[t]);
      }
      sums.push_back(sum);
      request.inputs.push_back(std::move(tokens));
      if (i % 3 != 0) request.types.push_back(typed ? types : std::vector<std::int32_t>());
    }
    expected[bench.engine_model->embed(std::move(request), bench.sink).value()] = std::move(sums);
  }
  REQUIRE(bench.collector.wait_ended(60));
  for (const auto& [id, sums] : expected) CHECK(bench.collector.of(id).values == sums);
  const auto refused = [&](EmbedRequest request) { return bench.engine_model->embed(std::move(request), bench.sink).error(); };
  const auto is_complete = [](const Error& error) { return !error.expected.empty() && !error.found.empty() && !error.remedy.empty(); };
  for (const auto& [types, field] : std::vector<std::pair<std::vector<std::vector<std::int32_t>>, std::string>>{
           {{{0, 1}}, "types"}, {{{}, {0, 1, 1}}, "types.1"}, {{{0, 3}, {}}, "types.0"}, {{{0, 0}, {-1, 0}}, "types.1"}}) {
    const Error error = refused({{{1, 2}, {3, 4}}, scores, types});
    CHECK(error.code == ErrorCode::invalid_argument && is_complete(error));
    CHECK_EQ(error.field, field);
  }
  CHECK(refused({{{1}}, embeddings}).code == ErrorCode::unsupported);
  CHECK(refused({{{1}}, token_rows}).code == ErrorCode::unsupported);
  check_idle(bench);
  Bench other({}, ModelKind::encoder);
  CHECK(other.engine_model->embed({{{1}}, scores}, other.sink).error().code == ErrorCode::unsupported);
}

TEST("one call a step for a shared sink, separate calls for separate sinks") {
  Bench bench(small(100, 8));
  bench.model->fake().delay_us = 500;
  for (int i = 0; i < 8; ++i)
    CHECK(bench.engine_model->generate({.tokens = {TokenId(i)}, .max_tokens = 50}, bench.sink).ok());
  REQUIRE(bench.collector.wait_ended(8));
  CHECK(bench.collector.calls() <= bench.model->fake().runs);
}

TEST("disposal while running ends every request, from another thread and inside a sink") {
  for (int round = 0; round < 20; ++round) {
    Bench bench(small(60, 8));
    bench.model->fake().delay_us = 300;
    std::mt19937 random(round);
    for (int i = 0; i < 40; ++i) CHECK(bench.engine_model->generate(random_request(random, 200, 90), bench.sink).ok());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    bench.engine_model.reset();
    CHECK(bench.collector.wait_ended(40));
    CHECK_EQ(bench.core->stats().models, 0);
    CHECK_EQ(bench.core->stats().kv_bytes, std::size_t(0));
  }
  Bench bench;
  std::atomic<bool> done{false};
  const auto sink = std::make_shared<EventSink>([&](std::vector<EngineEvent>&&) {
    bench.engine_model.reset();
    done = true;
  });
  CHECK(bench.engine_model->generate({.tokens = {1}}, sink).ok());
  for (int i = 0; i < 5000 && bench.core->stats().models > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(done.load());
  CHECK_EQ(bench.core->stats().models, 0);
}

TEST("disposal does not wait for the last who holds the model, and may be asked for again") {
  Bench bench;
  bench.model->fake().delay_us = 300;
  const auto held = bench.engine_model;
  const auto id = held->generate({.tokens = {1}, .max_tokens = 1000}, bench.sink).value();
  for (int i = 0; i < 2; ++i) {
    bench.engine_model->dispose();
    CHECK_EQ(bench.core->stats().models, 0);
    CHECK(bench.collector.of(id).last.failure.code == ErrorCode::disposed);
  }
  CHECK(held->generate({.tokens = {1}}, bench.sink).error().code == ErrorCode::disposed);
}

TEST("shutdown ends requests; a later model starts the thread again") {
  Bench bench;
  bench.model->fake().delay_us = 300;
  const auto id = bench.engine_model->generate({.tokens = {1}, .max_tokens = 1000}, bench.sink).value();
  bench.core->shutdown();
  CHECK(bench.collector.of(id).last.failure.code == ErrorCode::disposed);
  CHECK(bench.engine_model->generate({.tokens = {1}}, bench.sink).error().code == ErrorCode::disposed);
  auto again = bench.core->add(std::make_shared<FakeModel>(), nullptr, {});
  REQUIRE(again.ok());
  CHECK((*again)->generate({.tokens = {1}, .max_tokens = 5}, bench.sink).ok());
  CHECK(bench.collector.wait_ended(2));
}

TEST("two models take turns, ten thousand short requests") {
  Bench bench(small(60, 16));
  auto other = bench.core->add(std::make_shared<FakeModel>(ModelKind::static_embedding, 0), nullptr, {}).value();
  std::mt19937 random(9);
  int sent = 0;
  for (int i = 0; i < 10000; ++i) {
    const bool embed = i % 2;
    auto id = embed ? other->embed({{{1, 2, 3}}}, bench.sink)
                    : bench.engine_model->generate(random_request(random, 20, 4), bench.sink);
    while (!id.ok() && id.error().code == ErrorCode::busy) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      id = embed ? other->embed({{{1, 2, 3}}}, bench.sink)
                 : bench.engine_model->generate({.tokens = {3}, .max_tokens = 2}, bench.sink);
    }
    sent += id.ok();
  }
  CHECK_EQ(sent, 10000);
  REQUIRE(bench.collector.wait_ended(10000));
  check_idle(bench);
}
