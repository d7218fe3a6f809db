// From the tree to an automaton: Thompson's construction, with assertions at the ends resolved first.
#include <algorithm>

#include "decode/grammar/regex_classes.h"
#include "decode/grammar/regex_syntax.h"

namespace trivium::grammar {
namespace {

using Kind = RegexTree::Kind;

bool asserts(const RegexTree& tree) {
  if (tree.kind == Kind::begin || tree.kind == Kind::end || tree.kind == Kind::look_ahead) return true;
  return std::any_of(tree.children.begin(), tree.children.end(), asserts);
}

RegexTree anything() {
  RegexTree any, all;
  any.kind = Kind::set;
  static const SharedSet every = std::make_shared<const CodeSet>(CodeSet::any());
  any.set = every;
  all.kind = Kind::repeat;
  all.high = unbounded;
  all.children.push_back(std::move(any));
  return all;
}

class Language {
 public:
  Language(AutomatonBudget& budget, const std::string& field, std::string_view pattern)
      : budget_(budget), field_(field), pattern_(pattern) {}

  // `open`: other text may stand before, behind.
  Result<CodeAutomaton> of(RegexTree tree, bool open_before, bool open_behind) {
    RegexTree* head = &tree;
    if (head->kind != Kind::sequence) {
      RegexTree all;
      all.kind = Kind::sequence;
      all.children.push_back(std::move(tree));
      tree = std::move(all);
      head = &tree;
    }
    // A group around everything is none.
    while (head->children.size() == 1 && head->children[0].kind == Kind::sequence) {
      RegexTree inside = std::move(head->children[0]);
      tree = std::move(inside);
      head = &tree;
    }
    std::vector<RegexTree> looks;
    auto& parts = head->children;
    bool bound = !open_before;
    std::size_t at = 0;
    for (; at < parts.size() && (parts[at].kind == Kind::begin || parts[at].kind == Kind::look_ahead); ++at) {
      bound = bound || parts[at].kind == Kind::begin;
      if (parts[at].kind == Kind::look_ahead) looks.push_back(std::move(parts[at]));
    }
    if (!looks.empty()) {
      if (!bound) return refused("looking ahead without ^ before it");
      parts.erase(parts.begin(), parts.begin() + std::ptrdiff_t(at));
      open_before = false;
    }
    TRIVIUM_TRY_ASSIGN(RegexTree before, opened(std::move(tree), open_before, true));
    TRIVIUM_TRY_ASSIGN(const RegexTree both, opened(std::move(before), open_behind, false));
    if (asserts(both)) return refused("an assertion in the middle of a text");
    CodeAutomaton language;
    language.start = language.add_state();
    const std::uint32_t end = language.add_state();
    language.states[end].accepts = true;
    TRIVIUM_TRY(build(both, language, language.start, end));
    for (RegexTree& look : looks) {
      TRIVIUM_TRY_ASSIGN(const CodeAutomaton seen, of(std::move(look.children[0]), false, true));
      auto left = deterministic(language, budget_);
      auto right = deterministic(seen, budget_);
      if (!left || !right) return too_large();
      if (look.negated) right = complement(*right, budget_);
      auto both_hold = right ? intersection(*left, std::move(*right), budget_) : std::nullopt;
      if (!both_hold) return too_large();
      language = std::move(*both_hold);
    }
    return language;
  }

 private:
  Error refused(const std::string& what) const {
    return unsupported(field_, "The pattern uses " + what + ", which is not supported.", "Write the pattern without it.",
                       std::string(pattern_));
  }
  Error too_large() const {
    return too_large_pattern(pattern_, field_);
  }

  // Puts "anything" at one end of the tree wherever no assertion stands there, and takes the assertion out where one does.
  Result<RegexTree> opened(RegexTree tree, bool open, bool first) {
    const Kind wanted = first ? Kind::begin : Kind::end;
    if (tree.kind == wanted) return RegexTree();
    if (tree.kind == Kind::alternatives) {
      for (RegexTree& one : tree.children) {
        TRIVIUM_TRY_ASSIGN(RegexTree made, opened(std::move(one), open, first));
        one = std::move(made);
      }
      return tree;
    }
    if (tree.kind == Kind::sequence && !tree.children.empty() &&
        asserts(first ? tree.children.front() : tree.children.back())) {
      RegexTree& outer = first ? tree.children.front() : tree.children.back();
      TRIVIUM_TRY_ASSIGN(RegexTree made, opened(std::move(outer), open, first));
      outer = std::move(made);
      return tree;
    }
    if (!open) return tree;
    RegexTree all;
    all.kind = Kind::sequence;
    all.children.push_back(first ? anything() : std::move(tree));
    all.children.push_back(first ? std::move(tree) : anything());
    return all;
  }

  Status build(const RegexTree& tree, CodeAutomaton& into, std::uint32_t from, std::uint32_t to) {
    if (into.states.size() > budget_.states * 4) return too_large();
    switch (tree.kind) {
      case Kind::set:
        if (!budget_.spend(tree.set->ranges().size() * AutomatonBudget::an_edge)) return too_large();
        into.add_edges(from, *tree.set, to);
        return {};
      case Kind::sequence:
        for (std::size_t i = 0; i < tree.children.size(); ++i) {
          const std::uint32_t next = i + 1 == tree.children.size() ? to : into.add_state();
          TRIVIUM_TRY(build(tree.children[i], into, from, next));
          from = next;
        }
        if (tree.children.empty()) into.states[from].epsilons.push_back(to);
        return {};
      case Kind::alternatives:
        for (const RegexTree& one : tree.children) {
          const std::uint32_t begin = into.add_state();
          into.states[from].epsilons.push_back(begin);
          TRIVIUM_TRY(build(one, into, begin, to));
        }
        return {};
      case Kind::repeat: return repeat(tree, into, from, to);
      default: into.states[from].epsilons.push_back(to); return {};
    }
  }

  Status repeat(const RegexTree& tree, CodeAutomaton& into, std::uint32_t from, std::uint32_t to) {
    const auto once = [&]() -> Result<std::uint32_t> {
      const std::uint32_t next = into.add_state();
      TRIVIUM_TRY(build(tree.children[0], into, from, next));
      return next;
    };
    for (std::uint32_t i = 0; i < tree.low; ++i) {
      TRIVIUM_TRY_ASSIGN(from, once());
    }
    if (tree.high == unbounded) {
      const std::uint32_t hub = into.add_state();
      into.states[from].epsilons.push_back(hub);
      into.states[hub].epsilons.push_back(to);
      const std::uint32_t again = into.add_state();
      into.states[again].epsilons.push_back(hub);
      return build(tree.children[0], into, hub, again);
    }
    into.states[from].epsilons.push_back(to);
    for (std::uint32_t i = tree.low; i < tree.high; ++i) {
      TRIVIUM_TRY_ASSIGN(from, once());
      into.states[from].epsilons.push_back(to);
    }
    return {};
  }

  AutomatonBudget& budget_;
  const std::string& field_;
  std::string_view pattern_;
};

}  // namespace

Result<CodeAutomaton> regex_language(std::string_view pattern, RegexMatch match, AutomatonBudget& budget,
                                     const std::string& field) {
  TRIVIUM_TRY_ASSIGN(RegexTree tree, parse_regex_syntax(pattern, budget, field));
  const bool open = match == RegexMatch::anywhere;
  return Language(budget, field, pattern).of(std::move(tree), open, open);
}

}  // namespace trivium::grammar
