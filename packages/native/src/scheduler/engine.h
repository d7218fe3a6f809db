// The face of the engine towards binding/: models, requests in, events out. One engine thread for the process; models
// take turns by step; continuous batching with chunked prefill; a bounded queue. Nothing here knows JavaScript.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "decode/grammar/compiled_grammar.h"
#include "decode/sampler.h"  // SamplingParameters, TokenLogprob
#include "models/pack_cache.h"
#include "models/spec.h"
#include "tokenizer/tokenizer.h"

namespace trivium {

struct GenerateRequest {
  std::vector<TokenId> tokens = {};       // the prompt, at least one
  int max_tokens = 256;
  SamplingParameters sampling = {};
  std::vector<std::string> stop = {};     // found across token borders; the text ends before the match
  std::vector<TokenId> stop_tokens = {};  // end of generation: not part of the text
  bool skip_special_tokens = true;
  // Made by EngineModel::compile_grammar of the same model: the text, stop tokens aside, satisfies it (and where only a stop
  // token completes it in time, that token is text). One that must be
  // longer than max_tokens is refused at once, any other comes to its end within them.
  std::shared_ptr<grammar::CompiledGrammar> grammar = nullptr;
};

// Of encoders, static embeddings and cross-encoders.
struct EmbedRequest {
  enum class Wanted { embeddings, token_rows, scores };
  std::vector<std::vector<TokenId>> inputs;
  Wanted wanted = Wanted::embeddings;     // token_rows: one a token, before pooling, instead of one an input; scores: of cross-encoders
  std::vector<std::vector<std::int32_t>> types = {};  // of the tokens, by input; absent, for all or for one input: all 0
};

struct LogitsRequest {
  std::vector<TokenId> tokens;            // logits of the last position
};

struct Usage {
  int input_tokens = 0, cached_tokens = 0, output_tokens = 0;
  double queue_ms = 0, prefill_ms = 0, decode_ms = 0;
  double mask_us = 0;                     // making masks of a grammar, all tokens together
};

// What happened to one request in one step. Plain data: binding/ turns a batch of them into one call into JavaScript.
// Every sampled token has exactly one `token` event, an ending stop token too (its text is then what was held back for
// stop strings, usually nothing), so Usage::output_tokens counts the token events. A `finish` never carries text.
struct EngineEvent {
  enum class Kind { prefill_progress, token, embedding, logits, finish, error };
  Kind kind = Kind::token;
  std::uint64_t request = 0;
  TokenId token = -1;
  std::string text;                       // whole characters that became certain with this token, may be empty
  float logprob = std::numeric_limits<float>::quiet_NaN();  // NaN unless asked for
  std::vector<TokenLogprob> top;
  int done = 0, total = 0;                // prefill_progress
  std::vector<float> values;              // embedding (inputs or their tokens, width) or (inputs) scores, logits (vocabulary)
  enum class FinishReason { stop, length, cancelled } reason = FinishReason::stop;
  std::string stop_match;                 // the stop string met, empty for a stop token
  Usage usage;
  Error failure;                          // kind error
};

// Where events go. GROUPING: requests that carry the same sink (the same shared_ptr) get ONE call a step of a model,
// with the events of all of them in one vector, each request's in order. So binding/ makes one sink per environment with
//   auto sink = std::make_shared<EventSink>([…](std::vector<EngineEvent>&& events) { … });
// and passes it with every request. Called on the engine thread, never two calls at once; returns quickly; must not
// wait for the engine (cancel, pause, resume and a new request are fine, shutdown is not). A request is already gone
// from stats() when its last event is delivered.
using EventSink = std::function<void(std::vector<EngineEvent>&&)>;
using SharedEventSink = std::shared_ptr<const EventSink>;

// Every row that a step may have takes memory from the start: of logits for each sequence, of activations for each token.
inline constexpr int most_sequences = 1024, most_prefill_chunk = 8192;

struct ModelOptions {
  int context_tokens = 0;                 // 0: the model's own, at most
  std::size_t kv_memory_bytes = 0;        // 0: what context_tokens needs for max_sequences, at most a quarter of RAM
  int max_sequences = 16;                 // decoding at once, at most most_sequences
  int max_queue = 256;                    // waiting; beyond that `busy`
  int prefill_chunk = 256;                // tokens of prefill a step; more than most_prefill_chunk is as much
  std::string backend = "cpu";            // a name make_backend() knows
  std::string quantize;                   // a name load_type_named() knows, or empty: weights as in the file
  std::string kv_type;                    // a name kv_type_named() knows, or empty: f32 for F32 models, f16 otherwise
  int activation_bits = 0;                // 8 or 16, or 0: what default_activation_bits() says
  PackCache pack_cache;
};

struct EngineStats {
  int live_sequences = 0, queued_requests = 0, models = 0;
  std::size_t weight_bytes = 0, kv_bytes = 0, kv_used_bytes = 0;
  std::size_t mapped_bytes = 0;  // of weight_bytes: in pack files, which processes share and the system reads again
  // Totals since the process began: a model that goes takes nothing from them.
  std::uint64_t steps = 0, prefilled_tokens = 0, decoded_tokens = 0;
  std::uint64_t masked_tokens = 0, mask_ns = 0;  // tokens chosen under a grammar, and the time their masks took
};

// A model under the engine's care. All methods may be called from any thread; none but dispose() blocks on a step.
class EngineModel {
 public:
  // Ends its requests with a `disposed` error, gives back what it holds in the engine and waits until the running step is
  // over, so do not call it on an event loop; on the engine thread (inside a sink) it does not wait. Requests after it are
  // refused, other methods go on. A second call does nothing more.
  virtual void dispose() = 0;
  virtual ~EngineModel() = default;                 // disposes
  virtual const ModelSpec& spec() const = 0;
  virtual std::shared_ptr<const Tokenizer> tokenizer() const = 0;
  virtual std::size_t weight_bytes() const = 0;
  virtual bool is_mapped() const = 0;               // weights lie in a pack file; else they were packed by this load
  virtual int context_tokens() const = 0;           // what a sequence may hold: options, model and KV memory together
  // A grammar (decode/grammar/description.h) over this model's vocabulary. Takes milliseconds, the first time up to some
  // tenths of a second for the vocabulary's index, and two seconds where a schema asks for all that it may: call it off the
  // event loop. Ends with a `cancelled` error soon after the flag is set. May be used by many requests at once.
  virtual Result<std::shared_ptr<grammar::CompiledGrammar>> compile_grammar(std::string_view description,
                                                                            const std::atomic<bool>& cancelled) = 0;
  // Each answers a request id, or an error at once (busy, context_overflow, invalid_argument, disposed). `generate`: a
  // prompt of context_tokens() or more is context_overflow; a longer output ends with `length` where the context does.
  // Events for it go to `sink`, ending with exactly one finish, embedding, logits or error.
  virtual Result<std::uint64_t> generate(GenerateRequest request, SharedEventSink sink) = 0;
  virtual Result<std::uint64_t> embed(EmbedRequest request, SharedEventSink sink) = 0;
  virtual Result<std::uint64_t> logits(LogitsRequest request, SharedEventSink sink) = 0;
  virtual void cancel(std::uint64_t request) = 0;   // takes effect within one step, also in prefill
  // Back-pressure: a paused request keeps its pages and is not stepped (its slot goes to others meanwhile; when memory
  // runs out its pages go first and are recomputed later). Pause a stream whose consumer lags, resume when it caught
  // up; at most the events of the running step still arrive. Unknown or finished requests are ignored.
  virtual void pause(std::uint64_t request) = 0;
  virtual void resume(std::uint64_t request) = 0;
};

class Engine {
 public:
  static Engine& instance();
  // Reads, packs (or maps, see ModelOptions::pack_cache) and registers a model; blocking (call it off the event loop). `cancelled` is looked at between tensors.
  virtual Result<std::shared_ptr<EngineModel>> load(std::shared_ptr<const ModelFile> file, const ModelOptions& options,
                                                    const std::function<Status(double share)>& progress) = 0;
  virtual EngineStats stats() const = 0;
  // Process or environment ends: every request ends with a `disposed` error, models are retired (their methods answer
  // `disposed`), the thread is joined; a later load starts it again.
  virtual void shutdown() = 0;

 protected:
  virtual ~Engine() = default;
};

}  // namespace trivium
