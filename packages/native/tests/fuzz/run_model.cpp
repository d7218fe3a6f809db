// Loads as a program does, with the options of every day but for short steps, and asks for text (or vectors, of models
// that give them). Numbers that are no numbers may come of damaged weights: then the request ends with an error.
#include "run_model.h"

#include <condition_variable>
#include <mutex>

#include "scheduler/engine.h"

namespace fuzz {
namespace {

using namespace trivium;

constexpr int most_tokens = 6;

// The events of one request until its last one.
class Ending {
 public:
  SharedEventSink sink() {
    return std::make_shared<const EventSink>([this](std::vector<EngineEvent>&& events) {
      const std::lock_guard lock(mutex_);
      for (EngineEvent& event : events) {
        tokens_ += event.kind == EngineEvent::Kind::token;
        if (event.kind == EngineEvent::Kind::token || event.kind == EngineEvent::Kind::prefill_progress) continue;
        ++endings_;
        last_ = std::move(event);
      }
      changed_.notify_one();
    });
  }
  EngineEvent wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return endings_ > 0; });
    return last_;
  }
  int tokens() {
    const std::lock_guard lock(mutex_);
    return tokens_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  EngineEvent last_;
  int endings_ = 0, tokens_ = 0;
};

std::string speechless(const Error& error) {
  const char* missing = error.message.empty() ? "message" : error.field.empty() ? "field" : error.remedy.empty() ? "remedy" : nullptr;
  return missing == nullptr ? "" : std::string("a request's error without ") + missing + ": " + error.message;
}

std::string ask(EngineModel& model) {
  std::vector<TokenId> prompt{0};
  if (const auto tokenizer = model.tokenizer()) prompt = tokenizer->encode("ab <s> 12 三", {});
  if (prompt.empty()) prompt = {0};
  Ending ending;
  const bool causal = model.spec().kind == ModelKind::causal;
  GenerateRequest generate;
  generate.tokens = prompt;
  generate.max_tokens = most_tokens;
  generate.sampling.logprobs = 2;
  const int scores = model.spec().head.scores;
  const auto wanted = scores > 0 ? EmbedRequest::Wanted::scores : EmbedRequest::Wanted::embeddings;
  const auto request = causal ? model.generate(std::move(generate), ending.sink()) : model.embed({{prompt, {0}}, wanted}, ending.sink());
  if (!request.ok()) return speechless(request.error());  // a prompt that does not fit, ids that the model lacks
  const EngineEvent last = ending.wait();
  if (last.kind == EngineEvent::Kind::error) return speechless(last.failure);
  if (causal && (last.kind != EngineEvent::Kind::finish || ending.tokens() < 1 || ending.tokens() > most_tokens))
    return "a generation of " + std::to_string(ending.tokens()) + " tokens";
  if (!causal && last.values.size() != 2 * static_cast<std::size_t>(scores > 0 ? scores : model.spec().width)) return "vectors of another width";
  return "";
}

}  // namespace

Outcome run_model(const std::string& path) {
  auto file = ModelFile::open(path);
  if (!file.ok()) return {file.error(), ""};
  ModelOptions options;
  options.max_sequences = 2;
  options.prefill_chunk = 8;
  auto model = Engine::instance().load(std::move(*file), options, {});
  if (!model.ok() && model.error().code == ErrorCode::not_found) return {model.error(), ""};  // its tokenizer
  if (!model.ok()) return {{}, "a model that its description takes, and loading does not: " + model.error().message};
  return {{}, ask(**model)};
}

}  // namespace fuzz
