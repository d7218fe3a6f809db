#include "decode/grammar/matcher.h"

namespace trivium::grammar {

Matcher::Matcher(std::shared_ptr<CompiledGrammar> compiled) : compiled_(std::move(compiled)) {
  const std::lock_guard lock(compiled_->mutex_);
  now_.rows = compiled_->rows_;
}

// Rows that have grown too large are left; the first matcher to leave makes the new ones. What it can roll back to keeps
// the old ones alive for as long as it can.
void Matcher::move_from_full_rows() {
  if (compiled_->rows_ == now_.rows && now_.rows->full())
    compiled_->rows_ = std::make_shared<CompiledGrammar::Rows>(compiled_->grammar_);
  if (compiled_->rows_ == now_.rows || !now_.rows->full()) return;
  now_.row = now_.rows->store.moved_to(compiled_->rows_->store, now_.row);
  now_.rows = compiled_->rows_;
}

Result<SharedMask> Matcher::mask() {
  const std::lock_guard lock(compiled_->mutex_);
  move_from_full_rows();
  SharedMask words = compiled_->mask(*now_.rows, now_.row, now_.is_first);
  if (now_.rows->store.too_ambiguous())
    return unsupported("grammar", "The grammar is too ambiguous: too many readings of one text.",
                       "Rewrite it so that a text has few readings.");
  return words;
}

bool Matcher::may_end() {
  const std::lock_guard lock(compiled_->mutex_);
  return now_.rows->store.may_end(now_.row);
}

bool Matcher::must_end() {
  const std::lock_guard lock(compiled_->mutex_);
  return now_.rows->store.must_end(now_.row);
}

bool Matcher::accept(TokenId id) {
  const std::lock_guard lock(compiled_->mutex_);
  if (id < 0 || std::size_t(id) >= compiled_->index().vocabulary()) return false;
  RowStore& store = now_.rows->store;
  RowId row = now_.row;
  const std::string& bytes = compiled_->index().bytes(id);
  const bool drop = now_.is_first && compiled_->index().drops_first_space() && bytes.starts_with(' ');
  for (std::size_t i = drop ? 1 : 0; i < bytes.size() && row != dead_row; ++i)
    row = store.step(row, static_cast<unsigned char>(bytes[i]));
  if (bytes.empty()) {
    const auto& ids = compiled_->special_ids_;
    std::size_t named = 0;
    while (named < ids.size() && ids[named] != id) ++named;
    row = named < ids.size() ? store.step(row, Symbol(first_special + named)) : dead_row;
  }
  if (row == dead_row) return false;
  before_.push_back(now_);
  if (before_.size() > most_rollback) before_.pop_front();
  now_.row = row;
  now_.is_first = false;
  return true;
}

void Matcher::roll_back(int tokens) {
  for (; tokens > 0 && !before_.empty(); --tokens) {
    now_ = before_.back();
    before_.pop_back();
  }
}

std::uint32_t Matcher::completion_bytes() {
  const std::lock_guard lock(compiled_->mutex_);
  // A space that is dropped is a token, and no byte of the text.
  const bool drops = now_.is_first && compiled_->index().drops_first_space();
  return now_.rows->store.distance(now_.row) + (drops ? 1 : 0);
}

std::optional<std::vector<TokenId>> Matcher::completion() {
  const std::lock_guard lock(compiled_->mutex_);
  const std::vector<Symbol> text = now_.rows->store.shortest_completion(now_.row);
  std::vector<TokenId> tokens = compiled_->index().spell(text, compiled_->grammar().special, now_.is_first);
  if (tokens.empty() && !text.empty()) return std::nullopt;
  return tokens;
}

}  // namespace trivium::grammar
