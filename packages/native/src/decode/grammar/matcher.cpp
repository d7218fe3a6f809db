#include "decode/grammar/matcher.h"

namespace trivium::grammar {

Matcher::Matcher(std::shared_ptr<CompiledGrammar> compiled) : compiled_(std::move(compiled)) {
  const std::lock_guard lock(compiled_->mutex_);
  now_.rows = compiled_->rows_;
}

// Rows that have grown too large are left; the first matcher to leave makes the new ones.
bool Matcher::begin_step() {
  if (failed()) return false;
  if (now_.rows->to_be_left()) {
    compiled_->renew(now_.rows);
    RowStore& store = compiled_->rows_->store;
    store.begin_work();
    now_.row = now_.rows->store.moved_to(store, now_.row);
    now_.rows = compiled_->rows_;
    if (now_.row == dead_row) return fail();
  }
  now_.rows->store.begin_work();
  return true;
}

// The rows are many by now, and of no use to anybody.
bool Matcher::fail() {
  compiled_->renew(now_.rows);
  now_ = {};
  before_.reset();
  return false;
}

Result<SharedMask> Matcher::mask() {
  auto made = make_mask();
  compiled_->used();
  return made;
}

Result<SharedMask> Matcher::make_mask() {
  const std::lock_guard lock(compiled_->mutex_);
  SharedMask words = begin_step() ? compiled_->mask(*now_.rows, now_.row, now_.is_first) : nullptr;
  if (words) return words;
  if (!failed()) fail();
  return unsupported("grammar", "The grammar is too ambiguous: too many readings of one text.",
                     "Rewrite it so that a text has few readings.");
}

bool Matcher::may_end() {
  const std::lock_guard lock(compiled_->mutex_);
  return !failed() && now_.rows->store.may_end(now_.row);
}

bool Matcher::must_end() {
  const std::lock_guard lock(compiled_->mutex_);
  return !failed() && now_.rows->store.must_end(now_.row);
}

bool Matcher::accept(TokenId id) {
  const std::lock_guard lock(compiled_->mutex_);
  if (id < 0 || std::size_t(id) >= compiled_->index().vocabulary() || !begin_step()) return false;
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
  if (store.too_ambiguous()) return fail();
  if (row == dead_row) return false;
  before_ = now_;
  now_.row = row;
  now_.is_first = false;
  return true;
}

void Matcher::take_back() {
  if (before_) now_ = *std::exchange(before_, std::nullopt);
}

std::uint32_t Matcher::completion_bytes() {
  const std::lock_guard lock(compiled_->mutex_);
  if (failed()) return 0;
  // A space that is dropped is a token, and no byte of the text.
  const bool drops = now_.is_first && compiled_->index().drops_first_space();
  return now_.rows->store.distance(now_.row) + (drops ? 1 : 0);
}

std::optional<std::vector<TokenId>> Matcher::completion() {
  const std::lock_guard lock(compiled_->mutex_);
  if (failed()) return std::nullopt;
  const std::vector<Symbol> text = now_.rows->store.shortest_completion(now_.row);
  std::vector<TokenId> tokens = compiled_->index().spell(text, compiled_->grammar().special, now_.is_first);
  if (tokens.empty() && !text.empty()) return std::nullopt;
  return tokens;
}

}  // namespace trivium::grammar
