// Where in a grammar a text stands: Earley's sets of items (Earley 1970), made lazily and shared. A row is what may follow
// a prefix; prefixes after which the same may follow have the same row, so rows and their transitions are a deterministic
// automaton that grows only where texts go. Transitions are symbols (bytes), whole tokens are the caller's business.
// An item is a place in a rule and the row in which the rule began. Items of a row that began in the row itself are
// implied by the others, so a row is known by its kernel: the items that began earlier.
// Invariants: origins of kernel items are earlier rows; a live row can be completed. Not thread-safe.
#pragma once
#include <deque>
#include <memory>
#include <unordered_map>

#include "decode/grammar/grammar.h"

namespace trivium::grammar {

using RowId = std::uint32_t;
inline constexpr RowId dead_row = 0xFFFFFFFFu;

class RowStore {
 public:
  explicit RowStore(std::shared_ptr<const Grammar> grammar);

  const Grammar& grammar() const { return *grammar_; }
  RowId first() const { return 0; }
  // Rows after each class of symbols, (classes); the pointer stays valid.
  const RowId* next(RowId row);
  RowId step(RowId row, Symbol symbol) { return next(row)[grammar_->class_of[symbol]]; }
  bool may_end(RowId row) const { return rows_[row].accepts; }
  bool must_end(RowId row) const { return rows_[row].scans_begin == rows_[row].scans_end; }  // nothing can follow
  // Symbols of the shortest text that completes the row, and one such text.
  std::uint32_t distance(RowId row) const { return rows_[row].distance; }
  std::vector<Symbol> shortest_completion(RowId row) const;

  // Rows with the same signature allow the same tokens of at most `symbols` symbols: their items differ in counts alone, and
  // in none that such a token could bring to a bound. Empty for rows that count nothing.
  std::vector<std::uint32_t> signature(RowId row, std::uint32_t symbols) const;

  // From here on a row may take so much work and memory, until this is called again: one row of a hostile grammar has thousands
  // of items, and one mask thousands of rows.
  void begin_work();
  // That was spent, or a row had too many items. Its rows are not exact any more: nothing follows them. Leave the store.
  bool too_ambiguous() const { return too_ambiguous_; }
  std::size_t bytes() const { return bytes_; }
  // The same row in another store of the same grammar; dead where that is too much for it.
  RowId moved_to(RowStore& other, RowId row) const;

 private:
  struct Item {
    StateId state;
    std::uint32_t count;  // of a counted rule
    RowId origin;
    bool operator==(const Item&) const = default;
    auto operator<=>(const Item&) const = default;
  };
  struct Scan { StateId state; RowId origin; };
  struct Caller { RuleId rule; Item after; };             // where a rule goes on once the called one is complete
  struct Context { RuleId rule; std::uint32_t distance, begin, end, best; };  // callers of one rule; `best`: on the shortest way out
  struct Row {
    std::uint32_t kernel_begin = 0, kernel_end = 0, scans_begin = 0, scans_end = 0;
    std::uint32_t contexts_begin = 0, contexts_end = 0;
    std::uint32_t distance = unreachable;
    bool accepts = false;
    const RowId* next = nullptr;
  };

  void spend(std::size_t visits);
  void clear_items();
  void add(const Item& item);
  void index_items(std::size_t size);
  std::uint32_t& slot_of(const Item& item);
  void close(std::size_t from, RowId self, bool& accepts);  // epsilons, empty rules, completions
  RowId intern(bool accepts);                               // of items_, which is closed
  void predict(RowId self);
  void store_callers(RowId self, Row& row);
  bool is_final(const Item& item) const;
  bool calls(const Item& item) const;
  Item after_body(Item item) const;
  std::uint32_t distance_in_rule(const Item& item) const;
  const Context* context(RowId row, RuleId rule) const;
  std::uint32_t way_out(RowId row, RuleId rule) const;
  void append_shortest(const Item& item, std::vector<Symbol>& text) const;

  std::shared_ptr<const Grammar> grammar_;
  std::vector<Row> rows_;
  std::vector<Item> kernels_;
  std::vector<Scan> scans_;
  std::vector<Context> contexts_;
  std::vector<Caller> callers_;
  std::unordered_multimap<std::uint64_t, RowId> known_;
  std::deque<std::vector<RowId>> transitions_;  // blocks that never move
  std::vector<RowId> nothing_;                  // transitions of a store that is to be left
  std::size_t bytes_ = 0, bytes_before_ = 0;    // before_: when the work began
  std::size_t work_left_ = 0;                   // visits of items
  bool too_ambiguous_ = false;
  // scratch
  std::vector<Item> items_;
  std::vector<std::uint32_t> slots_;  // of items_, once they are many: hashed, an index and 1, or 0
  std::vector<Item> kernel_;
  std::vector<Caller> row_callers_;
};

}  // namespace trivium::grammar
