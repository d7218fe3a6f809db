// Text to ids: added tokens of the raw text, then per segment normalise, added tokens of the normalised text,
// cut, and the model piece by piece with a cache of pieces. Sessions (cache and buffers) are pooled, one a
// running call.
#include "tokenizer/pipeline.h"

#include <algorithm>

namespace trivium {
namespace {

constexpr std::size_t pooled_sessions = 16;

// Spans are widened to whole characters of the caller's text.
void widen(std::string_view text, TokenSpan& span) {
  const auto inside = [&](std::uint32_t i) {
    return i < text.size() && (static_cast<std::uint8_t>(text[i]) & 0xC0) == 0x80;
  };
  if (span.begin == span.end) return;
  for (int i = 0; i < 3 && span.begin > 0 && inside(span.begin); ++i) --span.begin;
  for (int i = 0; i < 3 && inside(span.end); ++i) ++span.end;
}

}  // namespace

Pipeline::Pipeline(PipelineParts parts) : parts_(std::move(parts)) {
  for (const AddedToken& token : parts_.added) {
    added_.insert(token.id);
    if (token.special) special_.insert(token.id);
    if (!token.normalized || parts_.normalizer == nullptr) {
      (token.normalized ? normalized_matcher_ : raw_matcher_).add(token, token.content);
      continue;
    }
    Text pattern = text_of(token.content, false);
    parts_.normalizer->apply(pattern);
    normalized_matcher_.add(token, pattern.bytes);
  }
  needs_origins_ = parts_.pre_tokenizer != nullptr && parts_.pre_tokenizer->needs_origins();
}

std::unique_ptr<Pipeline::Session> Pipeline::borrow() const {
  const std::lock_guard lock(sessions_mutex_);
  if (sessions_.empty()) return std::make_unique<Session>();
  auto session = std::move(sessions_.back());
  sessions_.pop_back();
  return session;
}

void Pipeline::give_back(std::unique_ptr<Session> session) const {
  // What one huge piece needed is not kept for the next small one.
  if (session->workspace.nodes.capacity() > 65536 || session->workspace.lattice.capacity() > 65536)
    session->workspace = Workspace();
  if (session->symbols.capacity() > 65536) session->symbols = {};
  const std::lock_guard lock(sessions_mutex_);
  if (sessions_.size() < pooled_sessions) sessions_.push_back(std::move(session));
}

void Pipeline::write(const Text& text, std::size_t begin, std::span<const Symbol> symbols,
                     Output output) const {
  if (output.ids != nullptr) {
    for (const Symbol& symbol : symbols) output.ids->push_back(symbol.id);
    return;
  }
  for (const Symbol& symbol : symbols) {
    begin = std::min(begin, text.bytes.size() - 1);
    const std::size_t end = std::min(begin + symbol.bytes, text.bytes.size());
    output.spans->push_back({symbol.id, text.origin_begin(begin), text.origin_end(std::max(end, begin + 1) - 1)});
    begin = end;
  }
}

void Pipeline::run_pieces(Pieces pieces, Session& session, Output output) const {
  if (parts_.pre_tokenizer != nullptr) parts_.pre_tokenizer->apply(pieces);
  const std::string_view bytes = pieces.text.bytes;
  for (const Range& range : pieces.ranges) {
    if (session.workspace.is_cancelled()) return;
    const std::string_view piece = bytes.substr(range.begin, range.end - range.begin);
    const bool cached = piece.size() <= WordCache::longest_piece;
    const std::uint64_t hash = cached ? WordCache::hash_of(piece) : 0;
    std::span<const Symbol> symbols;
    if (cached) symbols = session.cache.find(piece, hash);
    if (symbols.empty()) {
      session.symbols.clear();
      parts_.model->tokenize(piece, session.workspace, session.symbols);
      if (session.workspace.is_cancelled()) return;  // nothing to keep
      if (cached) session.cache.insert(piece, hash, session.symbols);
      symbols = session.symbols;
    }
    write(pieces.text, range.begin, symbols, output);
  }
}

void Pipeline::run_segment(Text segment, bool parse_special, Session& session, Output output) const {
  if (parts_.normalizer != nullptr) parts_.normalizer->apply(segment);
  if (session.workspace.is_cancelled()) return;
  const auto whole = [](Text text) {
    const std::uint32_t size = static_cast<std::uint32_t>(text.bytes.size());
    Pieces pieces{std::move(text), {}};
    if (size > 0) pieces.ranges.push_back({0, size});
    return pieces;
  };
  if (normalized_matcher_.empty()) return run_pieces(whole(std::move(segment)), session, output);
  std::vector<AddedSpan> spans;
  normalized_matcher_.find(segment.bytes, parse_special, spans);
  for (const AddedSpan& span : spans) {
    if (span.id < 0) {
      run_pieces(whole(segment.slice(span.begin, span.end)), session, output);
    } else {
      const Symbol symbol{span.id, span.end - span.begin};
      write(segment, span.begin, {&symbol, 1}, output);
    }
  }
}

void Pipeline::run(std::string_view given, const EncodeOptions& options, Output output) const {
  const bool parse_special = options.parse_special_tokens;
  Text text = text_of(given, output.spans != nullptr || needs_origins_);
  auto session = borrow();
  session->workspace.cancelled = options.cancelled;
  if (raw_matcher_.empty()) {
    run_segment(std::move(text), parse_special, *session, output);
  } else {
    std::vector<AddedSpan> spans;
    raw_matcher_.find(text.bytes, parse_special, spans);
    const bool whole = spans.size() == 1 && spans[0].id < 0;
    for (const AddedSpan& span : spans) {
      if (span.id < 0) {
        run_segment(whole ? std::move(text) : text.slice(span.begin, span.end), parse_special, *session,
                    output);
      } else {
        const Symbol symbol{span.id, span.end - span.begin};
        write(text, span.begin, {&symbol, 1}, output);
      }
    }
  }
  give_back(std::move(session));
  if (output.spans == nullptr) return;
  for (TokenSpan& span : *output.spans) widen(given, span);
}

std::vector<TokenId> Pipeline::encode(std::string_view text, const EncodeOptions& options) const {
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 4 + 8);
  const Output output{&ids, nullptr};
  if (!options.add_special_tokens) {
    run(text, options, output);
    return ids;
  }
  for (const TemplateItem& item : parts_.special_template.single) {
    if (item.sequence == 0)
      run(text, options, output);
    else
      ids.insert(ids.end(), item.ids.begin(), item.ids.end());
  }
  return ids;
}

std::vector<TokenSpan> Pipeline::encode_spans(std::string_view text, const EncodeOptions& options) const {
  std::vector<TokenSpan> spans;
  spans.reserve(text.size() / 4 + 8);
  const Output output{nullptr, &spans};
  if (!options.add_special_tokens) {
    run(text, options, output);
    return spans;
  }
  std::uint32_t at = 0;  // special tokens before the text stand at 0, those after it at its end
  for (const TemplateItem& item : parts_.special_template.single) {
    if (item.sequence == 0) {
      run(text, options, output);
      at = static_cast<std::uint32_t>(text.size());
    } else {
      for (const TokenId id : item.ids) spans.push_back({id, at, at});
    }
  }
  return spans;
}

PairEncoding Pipeline::encode_pair(std::string_view first, std::string_view second,
                                   const EncodeOptions& options) const {
  PairEncoding pair;
  const Output output{&pair.ids, nullptr};
  for (const TemplateItem& item : parts_.special_template.pair) {
    if (item.sequence >= 0) {
      if (item.sequence == 1) pair.second_begin = pair.ids.size();
      run(item.sequence == 0 ? first : second, options, output);
      if (item.sequence == 1) pair.second_end = pair.ids.size();
    } else if (options.add_special_tokens) {
      pair.ids.insert(pair.ids.end(), item.ids.begin(), item.ids.end());
    }
    pair.types.resize(pair.ids.size(), item.type);
  }
  return pair;
}

TokenId Pipeline::id_of(std::string_view token) const {
  const auto found = parts_.ids.find(token);
  return found == parts_.ids.end() ? -1 : found->second;
}

}  // namespace trivium
