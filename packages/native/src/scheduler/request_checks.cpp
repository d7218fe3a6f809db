// What a request and a model's options must be, checked before anything is queued: no step ever meets a bad token, a
// prompt that cannot fit or a parameter out of range. The other half of ModelRunner; knows no threads.
#include <algorithm>
#include <limits>

#include "base/physical_memory.h"
#include "scheduler/model_runner.h"

namespace trivium {
namespace {

constexpr std::size_t most_stop_bytes = 4096;  // together: the engine thread makes an automaton of them, and follows it
constexpr int unbounded_context = 1 << 20;  // static embeddings have no positions: memory alone bounds an input

Error at_least(const char* field, int least, int found) {
  Error error = make_error(ErrorCode::invalid_argument, std::string(field) + " must be at least " + std::to_string(least),
                           field, "give a number of at least " + std::to_string(least));
  error.expected = "at least " + std::to_string(least);
  error.found = std::to_string(found);
  return error;
}

Error at_most(const char* field, int most, int found) {
  Error error = make_error(ErrorCode::invalid_argument, std::string(field) + " must be at most " + std::to_string(most),
                           field, "give a number of at most " + std::to_string(most));
  error.expected = "at most " + std::to_string(most);
  error.found = std::to_string(found);
  return error;
}

Error overflow(const std::string& what, std::size_t tokens, int most) {
  Error error = make_error(ErrorCode::context_overflow,
                           what + " has " + std::to_string(tokens) + " tokens; the model takes at most " +
                               std::to_string(most) + " here",
                           "tokens", "shorten the text, split it, or load the model with larger contextTokens and kvMemoryBytes");
  error.expected = "at most " + std::to_string(most) + " tokens";
  error.found = std::to_string(tokens);
  return error;
}

Error wrong_kind(const char* wanted, const ModelSpec& spec, const char* remedy) {
  return make_error(ErrorCode::unsupported, "a model of architecture '" + spec.architecture + "' cannot " + wanted,
                    "model", remedy);
}

}  // namespace

Error make_error(ErrorCode code, std::string message, std::string field, std::string remedy) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.field = std::move(field);
  error.remedy = std::move(remedy);
  return error;
}

Error disposed_error() {
  return make_error(ErrorCode::disposed, "the model has been disposed of", "model", "load the model again");
}

Status ModelRunner::set_limits(const ModelOptions& options) {
  if (options.context_tokens < 0) return at_least("contextTokens", 0, options.context_tokens);
  if (options.max_sequences < 1) return at_least("maxSequences", 1, options.max_sequences);
  if (options.max_sequences > most_sequences) return at_most("maxSequences", most_sequences, options.max_sequences);
  if (options.max_queue < 0) return at_least("maxQueue", 0, options.max_queue);
  if (options.prefill_chunk < 1) return at_least("prefillChunk", 1, options.prefill_chunk);
  const ModelSpec& spec = model_->spec();
  limits_.max_sequences = options.max_sequences;
  limits_.prefill_chunk = std::min(options.prefill_chunk, most_prefill_chunk);
  const int own = spec.context > 0 ? spec.context : unbounded_context;
  limits_.context_tokens = options.context_tokens > 0 ? std::min(own, options.context_tokens) : own;
  if (spec.kind != ModelKind::causal) return {};

  const std::size_t page = std::max<std::size_t>(1, model_->page_geometry().page_bytes());
  const std::size_t one_context = page * std::size_t(DenseMemory::pages_for(limits_.context_tokens));
  limits_.kv_memory_bytes = options.kv_memory_bytes;
  if (options.kv_memory_bytes == 0) {
    const std::size_t wanted = one_context * std::size_t(options.max_sequences);
    limits_.kv_memory_bytes = std::max(std::min(wanted, physical_memory_bytes() / 4), page);
    if (options.context_tokens > 0) limits_.kv_memory_bytes = std::max(limits_.kv_memory_bytes, one_context);
  }
  // A context that memory cannot hold is refused when it was asked for, and lowered when it is only the model's own.
  if (limits_.kv_memory_bytes < (options.context_tokens > 0 ? one_context : page)) {
    Error error = make_error(ErrorCode::out_of_memory, "kvMemoryBytes cannot hold one sequence", "kvMemoryBytes",
                             "raise kvMemoryBytes or lower contextTokens");
    error.expected = "at least " + std::to_string(options.context_tokens > 0 ? one_context : page);
    error.found = std::to_string(limits_.kv_memory_bytes);
    return error;
  }
  const std::size_t holds = std::min<std::size_t>(limits_.kv_memory_bytes / page, std::numeric_limits<int>::max() / 64);
  limits_.context_tokens = std::min(limits_.context_tokens, int(holds) * page_tokens);
  const std::int64_t all_contexts = std::int64_t(limits_.context_tokens) * limits_.max_sequences;
  limits_.prefill_chunk = int(std::min<std::int64_t>(limits_.prefill_chunk, all_contexts));
  return {};
}

Status ModelRunner::check_tokens(const std::vector<TokenId>& tokens) const {
  if (tokens.empty()) {
    return make_error(ErrorCode::invalid_argument, "there are no tokens", "tokens", "give at least one token");
  }
  const int vocabulary = model_->spec().vocabulary;
  const auto bad = std::find_if(tokens.begin(), tokens.end(), [&](TokenId id) { return id < 0 || id >= vocabulary; });
  if (bad == tokens.end()) return {};
  Error error = make_error(ErrorCode::invalid_argument, "a token id is not in the model's vocabulary", "tokens",
                           "encode the text with this model's own tokenizer");
  error.expected = "ids in [0, " + std::to_string(vocabulary) + ")";
  error.found = std::to_string(*bad) + " at " + std::to_string(bad - tokens.begin());
  return error;
}

Status ModelRunner::check(const GenerateRequest& request) const {
  const ModelSpec& spec = model_->spec();
  if (spec.kind != ModelKind::causal || !spec.head.logits)
    return wrong_kind("generate text", spec, "use a causal model, such as a llama");
  TRIVIUM_TRY(check_tokens(request.tokens));
  TRIVIUM_TRY(check_sampling(request.sampling));
  for (const LogitBias& one : request.sampling.penalties.biases) {
    if (one.id >= 0 && one.id < spec.vocabulary) continue;
    Error error = make_error(ErrorCode::invalid_argument, "logitBias names a token that the vocabulary lacks", "logitBias",
                             "take ids from this model's own tokenizer");
    error.expected = "ids in [0, " + std::to_string(spec.vocabulary) + ")";
    error.found = std::to_string(one.id);
    return error;
  }
  if (request.max_tokens < 1) return at_least("maxTokens", 1, request.max_tokens);
  std::size_t stop_bytes = 0;
  for (const std::string& stop : request.stop) {
    if (stop.empty())
      return make_error(ErrorCode::invalid_argument, "a stop string is empty", "stop", "leave empty stop strings out");
    stop_bytes += stop.size();
  }
  if (stop_bytes > most_stop_bytes) {
    Error error = make_error(ErrorCode::invalid_argument, "the stop strings are too long", "stop",
                             "give fewer or shorter ones: the first characters of a text that ends an answer are enough");
    error.expected = "at most " + std::to_string(most_stop_bytes) + " bytes of UTF-8 together";
    error.found = std::to_string(stop_bytes);
    return error;
  }
  if (!tokenizer_ && !request.stop.empty())
    return make_error(ErrorCode::unsupported, "the model has no tokenizer, so no text to find stop strings in", "stop",
                      "give stopTokens, or put the model's tokenizer.json beside it");
  if (request.tokens.size() >= std::size_t(context_tokens()))
    return overflow("the prompt", request.tokens.size(), context_tokens() - 1);
  return request.grammar ? check_grammar(request) : Status();
}

Status ModelRunner::check_grammar(const GenerateRequest& request) const {
  const auto& compiled = *request.grammar;
  if (&compiled.index() != index().get())
    return make_error(ErrorCode::invalid_argument, "the grammar was compiled for another model", "grammar",
                      "compile it with this model");
  const int room = std::min(request.max_tokens, context_tokens() - int(request.tokens.size()));
  if (compiled.shortest_tokens() <= room) return {};
  Error error = make_error(ErrorCode::invalid_argument, "the shortest text of the grammar does not fit", "maxTokens",
                           "raise maxTokens, shorten the prompt, or ask for less");
  error.expected = "at least " + std::to_string(compiled.shortest_tokens()) + " tokens";
  error.found = std::to_string(room);
  return error;
}

Status ModelRunner::check(const LogitsRequest& request) const {
  const ModelSpec& spec = model_->spec();
  if (spec.kind != ModelKind::causal || !spec.head.logits)
    return wrong_kind("give logits", spec, "use a causal model, such as a llama");
  TRIVIUM_TRY(check_tokens(request.tokens));
  if (request.tokens.size() > std::size_t(context_tokens()))
    return overflow("the prompt", request.tokens.size(), context_tokens());
  return {};
}

Status ModelRunner::check(const EmbedRequest& request) const {
  const ModelSpec& spec = model_->spec();
  const bool scores = request.wanted == EmbedRequest::Wanted::scores;
  if (scores && spec.kind != ModelKind::cross_encoder)
    return wrong_kind("rank", spec, "use a cross-encoder, such as a bert with a classification head of one label");
  if (!scores && (spec.kind == ModelKind::causal || spec.kind == ModelKind::cross_encoder))
    return wrong_kind("embed", spec, spec.kind == ModelKind::causal ? "use an encoder, such as a bert" : "rank with it, or use an encoder");
  if (request.inputs.empty())
    return make_error(ErrorCode::invalid_argument, "there are no inputs", "inputs", "give at least one input");
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    TRIVIUM_TRY(check_tokens(request.inputs[i]));
    if (request.inputs[i].size() > std::size_t(context_tokens()))
      return overflow("input " + std::to_string(i), request.inputs[i].size(), context_tokens());
  }
  return check_types(request);
}

Status ModelRunner::check_types(const EmbedRequest& request) const {
  if (request.types.empty()) return {};
  if (request.types.size() != request.inputs.size()) {
    Error error = make_error(ErrorCode::invalid_argument, "there is not one list of token types for each input", "types",
                             "give as many lists as there are inputs, an empty one where all are 0");
    error.expected = std::to_string(request.inputs.size()) + " lists";
    error.found = std::to_string(request.types.size());
    return error;
  }
  const int rows = std::max(1, model_->spec().embedding.types);  // a model without types has one
  for (std::size_t i = 0; i < request.types.size(); ++i) {
    const auto& types = request.types[i];
    const std::string field = "types." + std::to_string(i);
    if (!types.empty() && types.size() != request.inputs[i].size()) {
      Error error = make_error(ErrorCode::invalid_argument, "there is not one token type for each token", field,
                               "give a type for each token, or none at all where all are 0");
      error.expected = std::to_string(request.inputs[i].size()) + " types";
      error.found = std::to_string(types.size());
      return error;
    }
    const auto bad = std::find_if(types.begin(), types.end(), [&](std::int32_t type) { return type < 0 || type >= rows; });
    if (bad == types.end()) continue;
    Error error = make_error(ErrorCode::invalid_argument, "the model has no such token type", field,
                             "give types that the model was trained with: 0 for the first text, 1 for the second");
    error.expected = "types in [0, " + std::to_string(rows) + ")";
    error.found = std::to_string(*bad) + " at " + std::to_string(bad - types.begin());
    return error;
  }
  return {};
}

}  // namespace trivium
