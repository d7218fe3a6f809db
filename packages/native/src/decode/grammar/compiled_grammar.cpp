// Masks. Inside strings every plain token is allowed at once and only the others are walked; elsewhere most of the trie
// fails at its first bytes.
#include "decode/grammar/compiled_grammar.h"

#include <algorithm>

namespace trivium::grammar {
namespace {

constexpr std::size_t most_row_bytes = std::size_t(64) << 20, most_mask_bytes = std::size_t(64) << 20;
constexpr std::size_t most_rows_at_once = 24;  // that plain text may lead to before it is walked instead

std::uint64_t hash_of(const MaskWords& words) {
  std::uint64_t hash = words.size();
  for (const std::uint64_t word : words) hash = (hash ^ word) * 0x9E3779B97F4A7C15u ^ hash >> 29;
  return hash;
}

void set(MaskWords& words, TokenId id) { words[std::size_t(id) / 64] |= std::uint64_t(1) << id % 64; }

}  // namespace

bool CompiledGrammar::Rows::to_be_left() const {
  return store.too_ambiguous() || store.bytes() > most_row_bytes || mask_bytes > most_mask_bytes;
}

void CompiledGrammar::renew(const std::shared_ptr<Rows>& spent) {
  if (rows_ == spent) rows_ = std::make_shared<Rows>(grammar_);
}

std::shared_ptr<void> CompiledGrammar::leave_rows() {
  const std::lock_guard lock(mutex_);
  return std::exchange(rows_, std::make_shared<Rows>(grammar_));
}

void CompiledGrammar::used() {
  std::size_t bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    bytes = rows_->bytes();
  }
  kept_->used(*this, bytes);
}

CompiledGrammar::CompiledGrammar(Grammar grammar, std::shared_ptr<const TokenIndex> index, std::shared_ptr<KeptRows> kept)
    : grammar_(std::make_shared<const Grammar>(std::move(grammar))),
      index_(std::move(index)),
      kept_(std::move(kept)),
      rows_(std::make_shared<Rows>(grammar_)) {}

Result<std::shared_ptr<CompiledGrammar>> CompiledGrammar::make(Grammar grammar, std::shared_ptr<const TokenIndex> index,
                                                               std::shared_ptr<KeptRows> kept) {
  std::shared_ptr<CompiledGrammar> compiled(new CompiledGrammar(std::move(grammar), std::move(index), std::move(kept)));
  for (const std::string& text : compiled->grammar_->special) {
    const TokenId id = compiled->index_->special(text);
    if (id < 0) return unsupported("special", "The tokenizer has no such special token.", "Write it as a literal.", text);
    compiled->special_ids_.push_back(id);
  }
  const std::vector<Symbol> shortest = compiled->rows_->store.shortest_completion(0);
  const std::vector<TokenId> spelled = compiled->index_->spell(shortest, compiled->grammar_->special, true);
  if (spelled.empty() && !shortest.empty())
    return unsupported("grammar", "The model's vocabulary cannot spell the grammar's texts.",
                       "Use a model whose tokenizer covers all bytes.");
  compiled->shortest_tokens_ = int(spelled.size());
  return compiled;
}

Result<bool> CompiledGrammar::matches(std::string_view text) {
  auto matched = follows(text);
  used();
  return matched;
}

Result<bool> CompiledGrammar::follows(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (rows_->to_be_left()) renew(rows_);
  RowStore& store = rows_->store;
  store.begin_work();
  RowId row = store.first();
  for (std::size_t i = 0; i < text.size() && row != dead_row; ++i) row = store.step(row, static_cast<unsigned char>(text[i]));
  if (store.too_ambiguous())
    return unsupported("text", "The text takes too much to be followed through the grammar.",
                       "Give a shorter text, or a grammar that counts less and gives a text fewer readings.");
  return row != dead_row && store.may_end(row);
}

SharedMask CompiledGrammar::mask(Rows& rows, RowId row, bool is_first) {
  const bool drop_space = is_first && index_->drops_first_space();
  if (drop_space && rows.first_mask) return rows.first_mask;
  if (!drop_space) {
    const auto found = rows.masks.find(row);
    if (found != rows.masks.end()) return found->second;
  }
  std::vector<std::uint32_t> signature = rows.store.signature(row, std::max<std::uint32_t>(1, index_->longest()));
  if (!drop_space && !signature.empty()) {
    const auto found = rows.by_signature.find(signature);
    if (found != rows.by_signature.end()) return rows.masks.emplace(row, found->second).first->second;
  }
  auto words = std::make_shared<MaskWords>(index_->words());
  if (drop_space)
    walk(rows.store, row, index_->all(), *words, true);
  else
    fill(rows.store, row, *words);
  const RowId* const next = rows.store.next(row);
  for (std::size_t i = 0; i < special_ids_.size(); ++i)
    if (next[grammar_->class_of[first_special + i]] != dead_row) set(*words, special_ids_[i]);
  if (rows.store.too_ambiguous()) return nullptr;
  if (drop_space) return rows.first_mask = words;

  const std::uint64_t hash = hash_of(*words);
  SharedMask made = words;
  bool fresh = true;
  for (auto [at, end] = rows.by_content.equal_range(hash); at != end && fresh; ++at) {
    if (*at->second != *words) continue;
    made = at->second;
    fresh = false;
  }
  if (fresh) {
    rows.by_content.emplace(hash, made);
    rows.mask_bytes += words->size() * sizeof(std::uint64_t);
  }
  if (!signature.empty()) {
    rows.mask_bytes += signature.size() * sizeof(std::uint32_t);
    rows.by_signature.emplace(std::move(signature), made);
  }
  rows.masks.emplace(row, made);
  return made;
}

void CompiledGrammar::fill(RowStore& store, RowId row, MaskWords& words) {
  bool more = false;
  const int reach = plain_reach(store, row, more);
  if (reach < 0) return walk(store, row, index_->all(), words);
  const MaskWords& plain = index_->plain(reach);
  std::copy(plain.begin(), plain.end(), words.begin());
  walk(store, row, index_->not_plain(), words);
  if (more && index_->has_long_plain()) walk(store, row, index_->long_plain(), words);
}

void CompiledGrammar::walk(RowStore& store, RowId row, const Trie& trie, MaskWords& words, bool drop_space) {
  tables_.resize(64);
  tables_[0] = store.next(row);
  const std::uint16_t* const class_of = grammar_->class_of.data();
  const std::uint32_t count = std::uint32_t(trie.nodes.size());
  for (std::uint32_t i = 0; i < count;) {
    const TrieNode& node = trie.nodes[i];
    // Dropped, the space leaves the row as it is, and no text stays outside the grammar.
    const bool dropped = drop_space && node.depth == 0 && node.byte == ' ';
    const RowId next = dropped ? row : tables_[node.depth][class_of[node.byte]];
    if (next == dead_row) {
      i = node.end;
      continue;
    }
    for (std::uint32_t t = 0; t < node.tokens; ++t) set(words, trie.tokens[node.tokens_begin + t]);
    if (node.end > i + 1) {
      if (tables_.size() <= node.depth + 1u) tables_.resize(tables_.size() * 2);
      tables_[node.depth + 1u] = store.next(next);
      if (store.too_ambiguous()) return;
    }
    ++i;
  }
}

int CompiledGrammar::plain_reach(RowStore& store, RowId row, bool& more) {
  using RowSet = std::vector<RowId>;
  bool alive = false, dead = false;
  const auto step = [&](const RowSet& from, unsigned low, unsigned high, RowSet& into) {
    for (const RowId id : from) {
      const RowId* const next = store.next(id);
      const unsigned last = grammar_->class_of[high];
      for (unsigned c = grammar_->class_of[low]; c <= last; ++c) {
        (next[c] == dead_row ? dead : alive) = true;
        if (next[c] != dead_row && std::find(into.begin(), into.end(), next[c]) == into.end()) into.push_back(next[c]);
      }
      if (into.size() > most_rows_at_once) return;
    }
  };
  struct Form { unsigned low, high, second_low, second_high; int tail; };
  static constexpr Form forms[] = {{0xC2, 0xDF, 0x80, 0xBF, 0}, {0xE0, 0xE0, 0xA0, 0xBF, 1}, {0xE1, 0xEC, 0x80, 0xBF, 1},
                                   {0xED, 0xED, 0x80, 0x9F, 1}, {0xEE, 0xEF, 0x80, 0xBF, 1}, {0xF0, 0xF0, 0x90, 0xBF, 2},
                                   {0xF1, 0xF3, 0x80, 0xBF, 2}, {0xF4, 0xF4, 0x80, 0x8F, 2}};
  RowSet now{row};
  for (int characters = 0; characters < longest_plain; ++characters) {
    RowSet after;
    alive = dead = false;
    step(now, 0x20, 0x21, after);
    step(now, 0x23, 0x5B, after);
    step(now, 0x5D, 0x7E, after);
    if ((alive && dead) || after.size() > most_rows_at_once) return -1;
    for (const Form& form : forms) {
      RowSet bytes[2];
      step(now, form.low, form.high, bytes[0]);
      if (alive && dead) return -1;
      if (!alive) continue;
      step(bytes[0], form.second_low, form.second_high, form.tail == 0 ? after : bytes[1]);
      for (int i = 0; i < form.tail; ++i) {
        RowSet& into = i + 1 == form.tail ? after : bytes[i % 2];
        if (i + 1 < form.tail) into.clear();
        step(bytes[(i + 1) % 2], 0x80, 0xBF, into);
      }
      if (dead || after.size() > most_rows_at_once) return -1;
    }
    if (!alive) return characters;
    std::sort(after.begin(), after.end());
    if (after == now) break;
    now = std::move(after);
  }
  more = true;
  return longest_plain;
}

}  // namespace trivium::grammar
