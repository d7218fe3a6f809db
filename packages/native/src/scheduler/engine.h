// The face of the engine towards binding/: models, requests in, events out. One engine thread for the process; models
// take turns by step; continuous batching with chunked prefill; a bounded queue. Nothing here knows JavaScript.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/spec.h"
#include "tokenizer/tokenizer.h"

namespace trivium {

struct SamplingParameters {
  float temperature = 0;       // 0: greedy, ties to the lower id
  int top_k = 0;               // 0: off
  float top_p = 1;
  float min_p = 0;
  std::uint64_t seed = 0;      // same seed, same text, whatever else runs
  int logprobs = -1;           // -1: none; n: the chosen token's and the n best, of the unmodified distribution
};

struct GenerateRequest {
  std::vector<TokenId> tokens;            // the prompt, at least one
  int max_tokens = 256;
  SamplingParameters sampling;
  std::vector<std::string> stop;          // found across token borders; the text ends before the match
  std::vector<TokenId> stop_tokens;       // end of generation: not part of the text
  bool skip_special_tokens = true;
};

struct EmbedRequest {
  std::vector<std::vector<TokenId>> inputs;
};

struct LogitsRequest {
  std::vector<TokenId> tokens;            // logits of the last position
};

struct TokenLogprob { TokenId id; float logprob; };

struct Usage {
  int input_tokens = 0, cached_tokens = 0, output_tokens = 0;
  double queue_ms = 0, prefill_ms = 0, decode_ms = 0;
};

// What happened to one request in one step. Plain data: binding/ turns a batch of them into one call into JavaScript.
struct EngineEvent {
  enum class Kind { prefill_progress, token, embedding, logits, finish, error };
  Kind kind = Kind::token;
  std::uint64_t request = 0;
  TokenId token = -1;
  std::string text;                       // whole characters that became certain with this token, may be empty
  float logprob = 0;
  std::vector<TokenLogprob> top;
  int done = 0, total = 0;                // prefill_progress
  std::vector<float> values;              // embedding (inputs, width), logits (vocabulary)
  enum class FinishReason { stop, length, cancelled } reason = FinishReason::stop;
  std::string stop_match;                 // the stop string met, empty for a stop token
  Usage usage;
  Error failure;                          // kind error
};

// Called on the engine thread with all events of one step; returns quickly.
using EventSink = std::function<void(std::vector<EngineEvent>&&)>;

struct ModelOptions {
  int context_tokens = 0;                 // 0: the model's own, at most
  std::size_t kv_memory_bytes = 0;        // 0: what context_tokens needs for max_sequences, at most a quarter of RAM
  int max_sequences = 16;                 // decoding at once
  int max_queue = 256;                    // waiting; beyond that `busy`
  int prefill_chunk = 256;                // tokens of prefill a step
};

struct EngineStats {
  int live_sequences = 0, queued_requests = 0, models = 0;
  std::size_t weight_bytes = 0, kv_bytes = 0, kv_used_bytes = 0;
  std::uint64_t steps = 0, prefilled_tokens = 0, decoded_tokens = 0;
};

// A model under the engine's care. All methods may be called from any thread; none blocks on a step.
class EngineModel {
 public:
  virtual ~EngineModel() = default;       // cancels its requests and waits until no step uses it
  virtual const ModelSpec& spec() const = 0;
  virtual std::shared_ptr<const Tokenizer> tokenizer() const = 0;
  virtual std::size_t weight_bytes() const = 0;
  virtual int context_tokens() const = 0;
  // Each answers a request id, or an error at once (busy, context_overflow, invalid_argument, disposed).
  // Events for it go to `sink`, ending with exactly one finish, embedding, logits or error.
  virtual Result<std::uint64_t> generate(GenerateRequest request, EventSink sink) = 0;
  virtual Result<std::uint64_t> embed(EmbedRequest request, EventSink sink) = 0;
  virtual Result<std::uint64_t> logits(LogitsRequest request, EventSink sink) = 0;
  virtual void cancel(std::uint64_t request) = 0;   // takes effect within one step, also in prefill
};

class Engine {
 public:
  static Engine& instance();
  // Reads, packs and registers a model; blocking (call it off the event loop). `cancelled` is looked at between tensors.
  virtual Result<std::shared_ptr<EngineModel>> load(std::shared_ptr<const ModelFile> file, const ModelOptions& options,
                                                    const std::function<Status(double share)>& progress) = 0;
  virtual EngineStats stats() const = 0;
  virtual void shutdown() = 0;            // process or environment ends: joins the thread, a later load starts it again

 protected:
  virtual ~Engine() = default;
};

}  // namespace trivium
