// Making rows. Most have one to five items, so searching is linear until they are many.
#include "decode/grammar/row_store.h"

#include <algorithm>
#include <bit>
#include <unordered_set>

namespace trivium::grammar {
namespace {

constexpr std::size_t most_items = 20'000;     // of a row
constexpr std::size_t most_work = 1'000'000;   // visits of items in one go
constexpr std::size_t most_bytes = std::size_t(32) << 20;  // that one go adds
constexpr std::size_t linear_items = 32;
constexpr std::size_t block_entries = 1 << 15;

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash ^= value + 0x9E3779B97F4A7C15u + (hash << 6) + (hash >> 2);
  return hash * 0xBF58476D1CE4E5B9u;
}

std::uint32_t plus(std::uint32_t a, std::uint32_t b) { return std::min(unreachable, a + b); }

}  // namespace

RowStore::RowStore(std::shared_ptr<const Grammar> grammar) : grammar_(std::move(grammar)) {
  begin_work();
  items_.push_back({grammar_->rules[grammar_->start].start, 0, 0});
  rows_.emplace_back().accepts = grammar_->shortest_text() == 0;
  bool ignored = false;
  close(0, 0, ignored);
  predict(0);
}

void RowStore::begin_work() {
  work_left_ = most_work;
  bytes_before_ = bytes_;
}

void RowStore::spend(std::size_t visits) {
  too_ambiguous_ |= visits > work_left_ || bytes_ - bytes_before_ > most_bytes;
  work_left_ -= std::min(visits, work_left_);
}

bool RowStore::is_final(const Item& item) const {
  const State& state = grammar_->states[item.state];
  const Rule& rule = grammar_->rules[state.rule];
  return rule.counted ? item.count >= rule.low : state.final;
}

bool RowStore::calls(const Item& item) const {
  const State& state = grammar_->states[item.state];
  const Rule& rule = grammar_->rules[state.rule];
  return rule.counted ? item.count < rule.high : state.calls_begin != state.calls_end;
}

// Beyond `low`, a repeat without an upper bound has nothing to count.
RowStore::Item RowStore::after_body(Item item) const {
  const Rule& rule = grammar_->rules[grammar_->states[item.state].rule];
  item.count = rule.high == unbounded ? std::min(item.count + 1, rule.low) : item.count + 1;
  return item;
}

std::uint32_t RowStore::distance_in_rule(const Item& item) const {
  const State& state = grammar_->states[item.state];
  const Rule& rule = grammar_->rules[state.rule];
  if (!rule.counted) return state.shortest;
  const std::uint64_t missing = rule.low > item.count ? rule.low - item.count : 0;
  return missing == 0 ? 0 : std::uint32_t(std::min<std::uint64_t>(unreachable, missing * grammar_->rules[rule.body].shortest));
}

const RowStore::Context* RowStore::context(RowId row, RuleId rule) const {
  const auto begin = contexts_.begin() + rows_[row].contexts_begin, end = contexts_.begin() + rows_[row].contexts_end;
  const auto found = std::lower_bound(begin, end, rule, [](const Context& one, RuleId id) { return one.rule < id; });
  return found != end && found->rule == rule ? &*found : nullptr;
}

std::uint32_t RowStore::way_out(RowId row, RuleId rule) const {
  if (row == 0 && rule == grammar_->start) return 0;
  const Context* const found = context(row, rule);
  return found ? found->distance : unreachable;
}

void RowStore::clear_items() {
  items_.clear();
  slots_.clear();
}

void RowStore::add(const Item& item) {
  spend(1);
  if (items_.size() < linear_items) {
    if (std::find(items_.begin(), items_.end(), item) == items_.end()) items_.push_back(item);
    return;
  }
  if (items_.size() * 2 >= slots_.size()) index_items(items_.size() * 8);
  std::uint32_t& slot = slot_of(item);
  if (slot != 0) return;
  items_.push_back(item);
  slot = std::uint32_t(items_.size());
}

// `size`: at least; a power of two.
void RowStore::index_items(std::size_t size) {
  slots_.assign(std::bit_ceil(size), 0);
  for (std::uint32_t i = 0; i < items_.size(); ++i) slot_of(items_[i]) = i + 1;
}

std::uint32_t& RowStore::slot_of(const Item& item) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = mix(mix(item.state, item.count), item.origin) >> 24;
  while (slots_[at & mask] != 0 && items_[slots_[at & mask] - 1] != item) ++at;
  return slots_[at & mask];
}

void RowStore::close(std::size_t from, RowId self, bool& accepts) {
  const Grammar& grammar = *grammar_;
  for (std::size_t i = from; i < items_.size() && items_.size() <= most_items && !too_ambiguous_; ++i) {
    const Item item = items_[i];
    const RuleId rule = grammar.states[item.state].rule;
    for (const StateId next : grammar.epsilons_of(item.state)) add({next, item.count, item.origin});
    for (const CallEdge& edge : grammar.calls_of(item.state))
      if (grammar.rules[edge.rule].shortest == 0) add({edge.target, item.count, item.origin});
    // A rule that ends where it began is empty: its callers went on without it.
    if (item.origin == self || !is_final(item)) continue;
    if (item.origin == 0 && rule == grammar.start) accepts = true;
    if (const Context* const found = context(item.origin, rule)) {
      for (std::uint32_t c = found->begin; c < found->end; ++c) {
        const Item after = callers_[c].after;
        add(after);
      }
    }
  }
}

RowId RowStore::intern(bool accepts) {
  too_ambiguous_ |= items_.size() > most_items;
  if (too_ambiguous_) return dead_row;
  kernel_.clear();
  for (const Item& item : items_) {
    const State& state = grammar_->states[item.state];
    if (state.symbols_begin != state.symbols_end || calls(item)) kernel_.push_back(item);
  }
  if (kernel_.empty() && !accepts) return dead_row;
  std::sort(kernel_.begin(), kernel_.end());
  std::uint64_t hash = accepts;
  for (const Item& item : kernel_) hash = mix(mix(mix(hash, item.state), item.count), item.origin);
  for (auto [at, end] = known_.equal_range(hash); at != end; ++at) {
    const Row& row = rows_[at->second];
    if (row.accepts == accepts && std::equal(kernel_.begin(), kernel_.end(), kernels_.begin() + row.kernel_begin,
                                             kernels_.begin() + row.kernel_end))
      return at->second;
  }
  const RowId id = RowId(rows_.size());
  known_.emplace(hash, id);
  Row& row = rows_.emplace_back();
  row.accepts = accepts;
  row.kernel_begin = std::uint32_t(kernels_.size());
  kernels_.insert(kernels_.end(), kernel_.begin(), kernel_.end());
  row.kernel_end = std::uint32_t(kernels_.size());
  predict(id);
  return id;
}

// Completes the new row `self`, whose kernel is in items_: rules that may begin here, who called them, what reads symbols.
void RowStore::predict(RowId self) {
  const Grammar& grammar = *grammar_;
  Row row = rows_[self];
  row.scans_begin = std::uint32_t(scans_.size());
  row_callers_.clear();
  bool ignored = false;
  for (std::size_t i = 0; i < items_.size() && items_.size() <= most_items && !too_ambiguous_; ++i) {
    const Item item = items_[i];
    const State& state = grammar.states[item.state];
    const Rule& rule = grammar.rules[state.rule];
    if (state.symbols_begin != state.symbols_end) scans_.push_back({item.state, item.origin});
    const auto predicted = [&](RuleId callee, const Item& after) {
      row_callers_.push_back({callee, after});
      const std::size_t before = items_.size();
      add({grammar.rules[callee].start, 0, self});
      close(before, self, ignored);
    };
    if (rule.counted) {
      if (item.count < rule.high) predicted(rule.body, after_body(item));
      continue;
    }
    for (const CallEdge& edge : grammar.calls_of(item.state)) predicted(edge.rule, {edge.target, item.count, item.origin});
  }
  too_ambiguous_ |= items_.size() > most_items;
  row.scans_end = std::uint32_t(scans_.size());
  store_callers(self, row);
  row.distance = row.accepts ? 0 : unreachable;
  rows_[self] = row;
  for (const Item& item : items_) {
    if (item.origin == self && self != 0) continue;
    const RuleId rule = grammar.states[item.state].rule;
    row.distance = std::min(row.distance, plus(distance_in_rule(item), way_out(item.origin, rule)));
  }
  rows_[self] = row;
  bytes_ += sizeof(Row) + 64 + (row.kernel_end - row.kernel_begin) * sizeof(Item) +
            (row.scans_end - row.scans_begin) * sizeof(Scan) + row_callers_.size() * sizeof(Caller) +
            (row.contexts_end - row.contexts_begin) * sizeof(Context);
  clear_items();
}

void RowStore::store_callers(RowId self, Row& row) {
  std::sort(row_callers_.begin(), row_callers_.end(), [](const Caller& a, const Caller& b) {
    return a.rule != b.rule ? a.rule < b.rule : a.after < b.after;
  });
  const auto same = [](const Caller& a, const Caller& b) { return a.rule == b.rule && a.after == b.after; };
  row_callers_.erase(std::unique(row_callers_.begin(), row_callers_.end(), same), row_callers_.end());
  row.contexts_begin = std::uint32_t(contexts_.size());
  for (const Caller& caller : row_callers_) {
    if (contexts_.size() == row.contexts_begin || contexts_.back().rule != caller.rule) {
      const std::uint32_t at = std::uint32_t(callers_.size());
      contexts_.push_back({caller.rule, unreachable, at, at, at});
    }
    callers_.push_back(caller);
    contexts_.back().end = std::uint32_t(callers_.size());
  }
  row.contexts_end = std::uint32_t(contexts_.size());
  rows_[self].contexts_begin = row.contexts_begin;
  rows_[self].contexts_end = row.contexts_end;
  // Ways out lead through earlier rows, which are known, or through this one, where left recursion may go in circles.
  for (bool changed = true; changed && !too_ambiguous_;) {
    changed = false;
    spend(row_callers_.size());
    for (std::uint32_t c = row.contexts_begin; c < row.contexts_end; ++c) {
      for (std::uint32_t i = contexts_[c].begin; i < contexts_[c].end; ++i) {
        const Item& after = callers_[i].after;
        const RuleId rule = grammar_->states[after.state].rule;
        const std::uint32_t distance = plus(distance_in_rule(after), way_out(after.origin, rule));
        if (distance >= contexts_[c].distance) continue;
        contexts_[c].distance = distance;
        contexts_[c].best = i;
        changed = true;
      }
    }
  }
}

const RowId* RowStore::next(RowId id) {
  const std::uint32_t classes = grammar_->classes;
  if (too_ambiguous_) {
    nothing_.resize(classes, dead_row);
    return nothing_.data();
  }
  if (rows_[id].next) return rows_[id].next;
  if (transitions_.empty() || transitions_.back().size() + classes > transitions_.back().capacity())
    transitions_.emplace_back().reserve(std::max<std::size_t>(block_entries, classes));
  auto& block = transitions_.back();
  const std::size_t at = block.size();
  block.resize(at + classes, dead_row);
  RowId* const table = block.data() + at;
  rows_[id].next = table;
  bytes_ += classes * sizeof(RowId);

  struct Fired { std::uint16_t low, high; Item seed; };
  std::vector<Fired> fired;
  for (std::uint32_t s = rows_[id].scans_begin; s < rows_[id].scans_end && !too_ambiguous_; ++s) {
    const auto edges = grammar_->symbols_of(scans_[s].state);
    spend(edges.size());
    for (const SymbolEdge& edge : edges)
      fired.push_back({grammar_->class_of[edge.low], grammar_->class_of[edge.high], {edge.target, 0, scans_[s].origin}});
  }
  std::sort(fired.begin(), fired.end(), [](const Fired& a, const Fired& b) { return a.low < b.low; });
  // One pass over the classes; where no edge begins or ends, the row is that of the class before.
  std::vector<Fired> active;
  std::vector<std::pair<std::vector<Item>, RowId>> made;
  std::size_t begin = 0;
  for (std::uint32_t c = fired.empty() ? classes : fired[0].low; c < classes && !too_ambiguous_; ++c) {
    bool changed = std::erase_if(active, [&](const Fired& one) { return one.high < c; }) > 0;
    for (; begin < fired.size() && fired[begin].low == c; ++begin, changed = true) active.push_back(fired[begin]);
    if (!changed) {
      if (c > 0) table[c] = table[c - 1];
      continue;
    }
    if (active.empty()) continue;
    std::vector<Item> seeds;
    for (const Fired& one : active) seeds.push_back(one.seed);
    std::sort(seeds.begin(), seeds.end());
    const auto known = std::find_if(made.begin(), made.end(), [&](const auto& one) { return one.first == seeds; });
    if (known != made.end()) {
      table[c] = known->second;
      continue;
    }
    clear_items();
    for (const Item& seed : seeds) add(seed);
    bool accepts = false;
    close(0, RowId(rows_.size()), accepts);
    table[c] = intern(accepts);
    if (made.size() < 64) made.emplace_back(std::move(seeds), table[c]);
  }
  return table;
}

RowId RowStore::moved_to(RowStore& other, RowId row) const {
  std::vector<RowId> needed{row};
  std::unordered_set<RowId> seen{row};
  for (std::size_t i = 0; i < needed.size(); ++i) {
    for (std::uint32_t k = rows_[needed[i]].kernel_begin; k < rows_[needed[i]].kernel_end; ++k)
      if (seen.insert(kernels_[k].origin).second) needed.push_back(kernels_[k].origin);
  }
  std::sort(needed.begin(), needed.end());
  std::unordered_map<RowId, RowId> moved{{0, 0}};
  for (const RowId id : needed) {
    if (id == 0) continue;
    other.clear_items();
    for (std::uint32_t k = rows_[id].kernel_begin; k < rows_[id].kernel_end; ++k) {
      Item item = kernels_[k];
      item.origin = moved.at(item.origin);
      other.add(item);
    }
    bool accepts = rows_[id].accepts;
    other.close(0, RowId(other.rows_.size()), accepts);
    moved[id] = other.intern(accepts);
    if (other.too_ambiguous_) return dead_row;
  }
  return moved.at(row);
}

}  // namespace trivium::grammar
