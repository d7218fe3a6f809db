// The pre-tokenizers by matches (Split and its relatives) and by character class.
#include <algorithm>

#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/unicode.h"

namespace trivium {
namespace {

struct Part {
  std::uint32_t begin, end;
  bool match;
};

// Turns alternating matches and gaps into ranges, as each behaviour says.
void cut(const std::vector<Part>& parts, SplitBehavior behavior, std::vector<Range>& out) {
  const auto emit = [&](const Part& part) {
    if (part.end > part.begin) out.push_back({part.begin, part.end});
  };
  if (behavior == SplitBehavior::removed || behavior == SplitBehavior::isolated) {
    for (const Part& part : parts) {
      if (behavior == SplitBehavior::isolated || !part.match) emit(part);
    }
    return;
  }
  std::vector<Part> merged;
  bool previous = false;
  const auto push = [&](const Part& part, bool join) {
    if (join && !merged.empty()) {
      merged.back().begin = std::min(merged.back().begin, part.begin);
      merged.back().end = std::max(merged.back().end, part.end);
    } else {
      merged.push_back(part);
    }
    previous = part.match;
  };
  if (behavior == SplitBehavior::merged_with_next) {
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) push(*part, part->match && !previous);
    for (auto part = merged.rbegin(); part != merged.rend(); ++part) emit(*part);
    return;
  }
  for (const Part& part : parts) {
    const bool join =
        behavior == SplitBehavior::contiguous ? part.match == previous : part.match && !previous;
    push(part, join);
  }
  for (const Part& part : merged) emit(part);
}

class SplitStep : public PreTokenizer {
 public:
  SplitStep(SplitBehavior behavior, bool invert) : behavior_(behavior), invert_(invert) {}
  void apply(Pieces& pieces) const override {
    std::vector<Range> ranges;
    std::vector<Part> parts;
    std::vector<Match> matches;
    for (const Range& range : pieces.ranges) {
      const std::string_view piece(pieces.text.bytes.data() + range.begin, range.end - range.begin);
      matches.clear();
      parts.clear();
      find(piece, matches);
      std::uint32_t at = 0;
      for (const Match& match : matches) {
        if (match.begin > at) parts.push_back({range.begin + at, range.begin + match.begin, invert_});
        parts.push_back({range.begin + match.begin, range.begin + match.end, !invert_});
        at = match.end;
      }
      if (at < piece.size()) parts.push_back({range.begin + at, range.end, invert_});
      cut(parts, behavior_, ranges);
    }
    pieces.ranges = std::move(ranges);
  }

 private:
  virtual void find(std::string_view piece, std::vector<Match>& matches) const = 0;
  SplitBehavior behavior_;
  bool invert_;
};

class RegexSplit : public SplitStep {
 public:
  RegexSplit(std::shared_ptr<const Regex> regex, SplitBehavior behavior, bool invert)
      : SplitStep(behavior, invert), regex_(std::move(regex)) {}

 private:
  void find(std::string_view piece, std::vector<Match>& matches) const override {
    matches = regex_->find_all(piece);
  }
  std::shared_ptr<const Regex> regex_;
};

class LiteralSplit : public SplitStep {
 public:
  LiteralSplit(std::string literal, SplitBehavior behavior, bool invert)
      : SplitStep(behavior, invert), literal_(std::move(literal)) {}

 private:
  void find(std::string_view piece, std::vector<Match>& matches) const override {
    if (literal_.empty()) return;
    for (std::size_t at = 0; (at = piece.find(literal_, at)) != std::string_view::npos;
         at += literal_.size()) {
      matches.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + literal_.size())});
    }
  }
  std::string literal_;
};

class FlagSplit : public SplitStep {
 public:
  FlagSplit(std::uint32_t flags, SplitBehavior behavior) : SplitStep(behavior, false), flags_(flags) {}

 private:
  void find(std::string_view piece, std::vector<Match>& matches) const override {
    for (std::size_t i = 0; i < piece.size();) {
      const std::uint32_t at = static_cast<std::uint32_t>(i);
      if (unicode::has(next_character(piece, i), flags_))
        matches.push_back({at, static_cast<std::uint32_t>(i)});
    }
  }
  std::uint32_t flags_;
};

class KnownSplit : public PreTokenizer {
 public:
  explicit KnownSplit(Splitter splitter) : splitter_(splitter) {}
  void apply(Pieces& pieces) const override {
    std::vector<Range> ranges;
    ranges.reserve(pieces.text.bytes.size() / 4 + 1);
    for (const Range& range : pieces.ranges) {
      const std::string_view piece(pieces.text.bytes.data() + range.begin, range.end - range.begin);
      for (std::size_t at = 0; at < piece.size();) {
        const std::size_t end = splitter_(piece, at);
        ranges.push_back(
            {range.begin + static_cast<std::uint32_t>(at), range.begin + static_cast<std::uint32_t>(end)});
        at = end;
      }
    }
    pieces.ranges = std::move(ranges);
  }

 private:
  Splitter splitter_;
};

// Runs of characters of one class are pieces; `alone` makes each character of a class a piece; class 0 is
// dropped.
template <class Classify, int alone>
void split_classes(Pieces& pieces, Classify classify) {
  std::vector<Range> ranges;
  ranges.reserve(pieces.text.bytes.size() / 4 + 1);
  const std::string_view bytes = pieces.text.bytes;
  for (const Range& range : pieces.ranges) {
    int open = 0;
    std::uint32_t begin = range.begin;
    for (std::size_t i = range.begin; i < range.end;) {
      const std::uint32_t at = static_cast<std::uint32_t>(i);
      const int now = classify(next_character(bytes, i));
      if (now == open && now != alone) continue;
      if (open != 0) ranges.push_back({begin, at});
      open = now;
      begin = at;
    }
    if (open != 0) ranges.push_back({begin, range.end});
  }
  pieces.ranges = std::move(ranges);
}

class BertPieces : public PreTokenizer {
  void apply(Pieces& pieces) const override {
    const auto classify = [](char32_t c) {
      const std::uint32_t flags = unicode::record_of(c).flags;
      return flags & unicode::rust_space ? 0 : flags & unicode::bert_punctuation ? 2 : 1;
    };
    split_classes<decltype(classify), 2>(pieces, classify);
  }
};

class WhitespaceWords : public PreTokenizer {
  void apply(Pieces& pieces) const override {
    const auto classify = [](char32_t c) {
      const std::uint32_t flags = unicode::record_of(c).flags;
      return flags & unicode::rust_word ? 1 : flags & unicode::rust_space ? 0 : 2;
    };
    split_classes<decltype(classify), -1>(pieces, classify);
  }
};

class Sequence : public PreTokenizer {
 public:
  explicit Sequence(std::vector<PreTokenizerPointer> steps) : steps_(std::move(steps)) {}
  void apply(Pieces& pieces) const override {
    for (const auto& step : steps_) step->apply(pieces);
  }
  bool needs_origins() const override {
    for (const auto& step : steps_) {
      if (step->needs_origins()) return true;
    }
    return false;
  }

 private:
  std::vector<PreTokenizerPointer> steps_;
};

}  // namespace

PreTokenizerPointer split_on(std::shared_ptr<const Regex> pattern, SplitBehavior behavior, bool invert) {
  return std::make_unique<RegexSplit>(std::move(pattern), behavior, invert);
}
PreTokenizerPointer split_on(std::string literal, SplitBehavior behavior, bool invert) {
  return std::make_unique<LiteralSplit>(std::move(literal), behavior, invert);
}
PreTokenizerPointer split_known(Splitter splitter) { return std::make_unique<KnownSplit>(splitter); }
PreTokenizerPointer split_flags(std::uint32_t flags, SplitBehavior behavior) {
  return std::make_unique<FlagSplit>(flags, behavior);
}
PreTokenizerPointer bert_pre_tokenizer() { return std::make_unique<BertPieces>(); }
PreTokenizerPointer whitespace_words() { return std::make_unique<WhitespaceWords>(); }
PreTokenizerPointer sequence(std::vector<PreTokenizerPointer> steps) {
  return std::make_unique<Sequence>(std::move(steps));
}

}  // namespace trivium
