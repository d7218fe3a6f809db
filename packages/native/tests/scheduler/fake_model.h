// A model for scheduler tests whose every logit is a function of the sequence's tokens as they are found in its pages:
// a lost, mixed up or stale page changes the text. Logit ids follow a hash of (all tokens up to the position).
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "scheduler/engine_core.h"

namespace fake {

using namespace trivium;

inline constexpr int vocabulary = 50;

struct FakeProgram final : Program {
  BatchShape largest;
  std::size_t scratch_bytes() const override { return 0; }
};

inline std::uint32_t mix(std::uint32_t hash, std::uint32_t value) {
  hash = (hash ^ value) * 0x9E3779B1u;
  return hash ^ (hash >> 15);
}

// A page holds the tokens themselves, as float "keys".
class FakeBackend final : public Backend {
 public:
  std::string_view name() const override { return "fake"; }
  Result<std::shared_ptr<const Buffer>> upload(const WeightSource&, Role) override { return Error{}; }
  Result<std::unique_ptr<Program>> compile(const Plan&, std::vector<std::shared_ptr<const Buffer>>,
                                           const BatchShape&) override { return Error{}; }

  Status run(Program& program, const Bindings& bindings) override {
    const BatchShape& largest = static_cast<FakeProgram&>(program).largest;
    runs++;
    largest_rows = std::max(largest_rows.load(), int(bindings.tokens.size()));
    if (int(bindings.tokens.size()) > largest.tokens || int(bindings.sequences.size()) > largest.sequences ||
        int(bindings.output_rows.size()) > largest.outputs)
      return failure("the step is larger than the program");
    const int sleeps = delay_us;
    for (int slept = 0; slept < sleeps; slept += 200) {
      if (*bindings.cancelled) break;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    if (*bindings.cancelled) {
      cancelled_runs++;
      Error error = make_error(ErrorCode::cancelled, "cancelled", "", "");
      return error;
    }
    if (fails) return failure("asked to fail");
    if (throws) throw std::runtime_error("asked to throw");
    return bindings.sequences.empty() || bindings.kv.pages.empty() ? embed(bindings) : attend(bindings);
  }

  std::atomic<int> runs{0}, cancelled_runs{0}, delay_us{0}, largest_rows{0};
  std::atomic<bool> fails{false}, throws{false};
  std::atomic<TokenId> damaged{-1};  // makes vectors, scores and, as the last token, logits that are no numbers

 private:
  static Error failure(const char* text) { return make_error(ErrorCode::internal, text, "", ""); }

  Status attend(const Bindings& bindings) const {
    std::size_t output = 0;
    int next_row = 0;
    for (const SequenceSlice& slice : bindings.sequences) {
      if (slice.first_row != next_row) return failure("rows are not covered");
      next_row += slice.rows;
      const auto cell = [&](int position) -> float& {
        std::byte* page = bindings.kv.pages[slice.pages[position / page_tokens]];
        return reinterpret_cast<float*>(page)[position % page_tokens];
      };
      std::uint32_t hash = 1;
      for (int position = 0; position < slice.position; ++position) hash = mix(hash, std::uint32_t(cell(position)));
      for (int i = 0; i < slice.rows; ++i) {
        const int row = slice.first_row + i;
        if (bindings.positions[row] != slice.position + i) return failure("wrong position");
        cell(slice.position + i) = float(bindings.tokens[row]);
        hash = mix(hash, std::uint32_t(bindings.tokens[row]));
        if (output == bindings.output_rows.size() || bindings.output_rows[output] != row) continue;
        for (int id = 0; id < vocabulary; ++id)
          bindings.outputs[0][output * vocabulary + id] = float(mix(hash, std::uint32_t(id)) % 1000) / 100;
        if (bindings.tokens[row] == damaged) bindings.outputs[0][output * vocabulary + 5] = value_of(damaged);
        ++output;
      }
    }
    return output == bindings.output_rows.size() ? Status() : Status(failure("an output row was not met"));
  }

  float value_of(TokenId token) const { return token == damaged ? std::numeric_limits<float>::quiet_NaN() : float(token); }

  // A score tells tokens and their types.
  Status rank(const Bindings& bindings) const {
    for (std::size_t i = 0; i < bindings.sequences.size(); ++i) {
      const SequenceSlice& slice = bindings.sequences[i];
      float& score = bindings.outputs[0][i] = 0;
      for (int row = slice.first_row; row < slice.first_row + slice.rows; ++row)
        score += value_of(bindings.tokens[row]) + 100.0f * float(bindings.types.empty() ? 0 : bindings.types[row]);
    }
    return {};
  }

  Status embed(const Bindings& bindings) const {
    if (bindings.outputs[0].size() == bindings.sequences.size()) return rank(bindings);
    for (std::size_t i = 0; i < bindings.sequences.size(); ++i) {
      const SequenceSlice& slice = bindings.sequences[i];
      float sum = 0;
      for (int t = 0; t < slice.rows; ++t) sum += value_of(bindings.tokens[slice.first_row + t]) * float(t + 1);
      bindings.outputs[0][2 * i] = sum;
      bindings.outputs[0][2 * i + 1] = float(slice.rows);
    }
    if (bindings.outputs[1].size() != 2 * bindings.output_rows.size()) return failure("no room for the wanted rows");
    for (std::size_t i = 0; i < bindings.output_rows.size(); ++i) {
      const std::int32_t row = bindings.output_rows[i];
      bindings.outputs[1][2 * i] = value_of(bindings.tokens[row]);
      bindings.outputs[1][2 * i + 1] = float(bindings.positions[row]);
    }
    return {};
  }
};

class FakeModel final : public StepModel {
 public:
  explicit FakeModel(ModelKind kind = ModelKind::causal, int context = 1024) {
    spec_.architecture = "fake";
    spec_.kind = kind;
    spec_.vocabulary = vocabulary;
    spec_.width = 2;
    spec_.context = context;
    if (kind != ModelKind::cross_encoder) return;
    spec_.head.scores = 1;
    spec_.embedding.types = 3;
  }
  const ModelSpec& spec() const override { return spec_; }
  Backend& backend() const override { return backend_; }
  FakeBackend& fake() const { return backend_; }
  PageGeometry page_geometry() const override { return {.layers = 1, .kv_heads = 1, .head_dim = 1, .dtype = DType::f32}; }
  std::size_t weight_bytes() const override { return 1000; }
  mutable BatchShape largest{};  // of the last program
  Result<std::unique_ptr<Program>> compile(const BatchShape& largest) const override {
    auto program = std::make_unique<FakeProgram>();
    program->largest = this->largest = largest;
    return std::unique_ptr<Program>(std::move(program));
  }

 private:
  ModelSpec spec_;
  mutable FakeBackend backend_;
};

// Text of token i: one letter, so that stop strings can be met.
class FakeTokenizer final : public Tokenizer {
 public:
  struct Decoder final : StreamDecoder {
    std::string push(TokenId id) override { return std::string(1, char('A' + id)); }
    std::string finish() override { return ""; }
  };
  std::vector<TokenId> encode(std::string_view, const EncodeOptions&) const override { return {}; }
  std::vector<TokenSpan> encode_spans(std::string_view, const EncodeOptions&) const override { return {}; }
  PairEncoding encode_pair(std::string_view, std::string_view, const EncodeOptions&) const override { return {}; }
  std::string decode(std::span<const TokenId>, bool) const override { return ""; }
  std::unique_ptr<StreamDecoder> stream_decoder(bool) const override { return std::make_unique<Decoder>(); }
  std::size_t vocabulary_size() const override { return vocabulary; }
  std::string token_text(TokenId) const override { return ""; }
  std::string token_bytes(TokenId) const override { return ""; }
  TokenId id_of(std::string_view) const override { return -1; }
  bool is_special(TokenId) const override { return false; }
};

// Collects events by request; waits for ends.
class Collector {
 public:
  struct Outcome {
    std::vector<TokenId> tokens;
    std::string text;
    std::vector<float> values;
    int ends = 0;
    EngineEvent last;
  };
  SharedEventSink sink() {
    return std::make_shared<EventSink>([this](std::vector<EngineEvent>&& events) {
      const std::lock_guard lock(mutex_);
      ++calls_;
      for (EngineEvent& event : events) {
        Outcome& outcome = outcomes_[event.request];
        if (event.kind == EngineEvent::Kind::prefill_progress) continue;
        if (event.kind == EngineEvent::Kind::token) {
          outcome.tokens.push_back(event.token);
          outcome.text += event.text;
          continue;
        }
        outcome.ends++;
        outcome.values = event.values;
        outcome.last = std::move(event);
        ++ended_;
      }
      changed_.notify_all();
    });
  }
  // False after a minute: a test must not hang.
  bool wait_ended(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return ended_ >= count; });
  }
  bool wait_tokens(std::uint64_t request, std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return outcomes_[request].tokens.size() >= count; });
  }
  Outcome of(std::uint64_t request) {
    const std::lock_guard lock(mutex_);
    return outcomes_[request];
  }
  int calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Outcome> outcomes_;
  int ended_ = 0, calls_ = 0;
};

// What the model says to a prompt, computed without any scheduler.
inline std::vector<TokenId> expected(const GenerateRequest& request, int context = 1 << 30) {
  std::vector<TokenId> tokens = request.tokens, out;
  Sampler sampler(request.sampling);
  std::uint32_t hash = 1;
  for (const TokenId token : tokens) hash = mix(hash, std::uint32_t(token));
  while (int(out.size()) < request.max_tokens && int(tokens.size()) < context) {
    std::vector<float> logits(vocabulary);
    for (int id = 0; id < vocabulary; ++id) logits[id] = float(mix(hash, std::uint32_t(id)) % 1000) / 100;
    out.push_back(sampler.sample(logits, tokens.size()).value().id);
    tokens.push_back(out.back());
    hash = mix(hash, std::uint32_t(out.back()));
  }
  return out;
}

}  // namespace fake
