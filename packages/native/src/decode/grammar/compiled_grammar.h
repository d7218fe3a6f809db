// A grammar over a vocabulary: which tokens may follow a row. Masks are made when first asked for and kept, so that the
// second request with a grammar finds the first one's work. Shared by requests and threads; what it keeps is bounded.
// Refuses to know requests, budgets and sampling.
#pragma once
#include <map>
#include <mutex>

#include "decode/grammar/kept_rows.h"
#include "decode/grammar/row_store.h"
#include "decode/grammar/token_index.h"

namespace trivium::grammar {

using SharedMask = std::shared_ptr<const MaskWords>;

class CompiledGrammar {
 public:
  // `kept`: of the vocabulary's grammars. Errors: a special token that the vocabulary lacks; a text that its tokens cannot spell.
  static Result<std::shared_ptr<CompiledGrammar>> make(Grammar grammar, std::shared_ptr<const TokenIndex> index,
                                                       std::shared_ptr<KeptRows> kept = std::make_shared<KeptRows>());
  ~CompiledGrammar() { kept_->gone(*this); }

  const Grammar& grammar() const { return *grammar_; }
  const TokenIndex& index() const { return *index_; }
  int shortest_tokens() const { return shortest_tokens_; }  // of the shortest text
  // Whether the text as a whole satisfies it. Takes what one mask may (RowStore::begin_work): more is an error.
  Result<bool> matches(std::string_view text);
  // What it has made so far; texts under way keep it alive. By KeptRows.
  std::shared_ptr<void> leave_rows();

 private:
  friend class Matcher;
  // Rows and their masks, replaced as a whole when they have grown too large or are not exact any more; matchers move over.
  struct Rows {
    explicit Rows(const std::shared_ptr<const Grammar>& grammar) : store(grammar) {}
    RowStore store;
    std::unordered_map<RowId, SharedMask> masks;
    std::map<std::vector<std::uint32_t>, SharedMask> by_signature;
    std::unordered_multimap<std::uint64_t, SharedMask> by_content;
    SharedMask first_mask;  // of the first token where the tokenizer drops a space
    std::size_t mask_bytes = 0;
    std::size_t bytes() const { return store.bytes() + mask_bytes; }
    bool to_be_left() const;
  };
  CompiledGrammar(Grammar grammar, std::shared_ptr<const TokenIndex> index, std::shared_ptr<KeptRows> kept);
  Result<bool> follows(std::string_view text);
  void used();  // tells `kept_`; without the lock
  // Null where it takes more than RowStore::begin_work allows; the rows are to be left then.
  SharedMask mask(Rows& rows, RowId row, bool is_first);
  void renew(const std::shared_ptr<Rows>& spent);  // unless others have
  void fill(RowStore& store, RowId row, MaskWords& words);
  void walk(RowStore& store, RowId row, const Trie& trie, MaskWords& words, bool drop_space = false);
  // Characters of plain text that may all follow, whatever they are; -1: it depends on them. `more`: longer ones may too.
  int plain_reach(RowStore& store, RowId row, bool& more);

  const std::shared_ptr<const Grammar> grammar_;
  const std::shared_ptr<const TokenIndex> index_;
  const std::shared_ptr<KeptRows> kept_;
  std::vector<TokenId> special_ids_;  // of grammar_->special
  int shortest_tokens_ = 0;
  std::mutex mutex_;                  // guards what follows, and the rows that matchers still hold
  std::shared_ptr<Rows> rows_;
  std::vector<const RowId*> tables_;  // scratch of walk
};

}  // namespace trivium::grammar
