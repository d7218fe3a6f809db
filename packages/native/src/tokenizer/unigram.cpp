// Unigram language model (Kudo, arXiv 1804.10959): of all ways to cut a piece into entries, the one whose scores add up
// highest; a character that begins no entry of its own length costs ten more than the rarest entry. One pass from left
// to right over a trie, so work is the length of the piece times the longest entry. Ties and sums as in Hugging Face
// tokenizers: float64, the first best kept. Knows nothing of spaces, files or normal forms.
#include <algorithm>
#include <array>
#include <limits>

#include "tokenizer/model.h"
#include "tokenizer/text.h"

namespace trivium {
namespace {

constexpr double unknown_penalty = 10;

// Nodes in breadth-first order: the children of a node lie together, their bytes ascending.
class Trie {
 public:
  using Entry = std::pair<std::string_view, TokenId>;
  explicit Trie(std::vector<Entry> entries) {
    std::sort(entries.begin(), entries.end());
    struct Range { std::size_t begin, end, depth; };
    std::vector<Range> ranges{{0, entries.size(), 0}};
    nodes_.push_back({});
    labels_.push_back(0);
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      auto [begin, end, depth] = ranges[node];
      if (begin < end && entries[begin].first.size() == depth) nodes_[node].id = entries[begin++].second;
      nodes_[node].first_child = static_cast<std::uint32_t>(nodes_.size());
      while (begin < end) {
        const char label = entries[begin].first[depth];
        std::size_t next = begin;
        while (next < end && entries[next].first[depth] == label) ++next;
        ++nodes_[node].children;
        nodes_.push_back({});
        labels_.push_back(static_cast<std::uint8_t>(label));
        ranges.push_back({begin, next, depth + 1});
        begin = next;
      }
    }
  }

  // 0 when there is no such child: nothing leads back to the root.
  std::uint32_t child(std::uint32_t node, char byte) const {
    const auto first = labels_.begin() + nodes_[node].first_child, last = first + nodes_[node].children;
    const auto found = std::lower_bound(first, last, static_cast<std::uint8_t>(byte));
    return found != last && *found == static_cast<std::uint8_t>(byte) ? static_cast<std::uint32_t>(found - labels_.begin()) : 0;
  }
  TokenId id(std::uint32_t node) const { return nodes_[node].id; }

 private:
  struct Node {
    std::uint32_t first_child = 0;
    std::uint16_t children = 0;
    TokenId id = -1;
  };
  std::vector<Node> nodes_;
  std::vector<std::uint8_t> labels_;
};

class Unigram : public Model {
 public:
  Unigram(Trie trie, std::vector<double> scores, UnigramSettings settings, double unknown_score, const VocabularyMap& vocabulary)
      : trie_(std::move(trie)), scores_(std::move(scores)), settings_(settings), unknown_score_(unknown_score) {
    static const char* const digits = "0123456789ABCDEF";
    for (int b = 0; b < 256; ++b) {
      const auto found = vocabulary.find(std::string("<0x") + digits[b >> 4] + digits[b & 15] + ">");
      byte_ids_[b] = found == vocabulary.end() ? -1 : found->second;
    }
  }

  void tokenize(std::string_view piece, Workspace& workspace, std::vector<Symbol>& out) const override {
    std::vector<LatticeNode>& best = workspace.lattice;  // best[i]: the best way to reach byte i
    best.assign(piece.size() + 1, {});
    const auto reach = [&](std::size_t from, std::size_t to, TokenId id, double score) {
      const double total = best[from].score + score;
      if (best[to].from >= 0 && !(total > best[to].score)) return;
      best[to] = {total, static_cast<std::int32_t>(from), id};
    };
    for (std::size_t at = 0, next = 0; at < piece.size(); at = next) {
      if (workspace.is_cancelled()) return;
      next_character(piece, next);
      bool alone = false;  // an entry is this character and no more
      std::uint32_t node = 0;
      for (std::size_t end = at; end < piece.size();) {
        node = trie_.child(node, piece[end++]);
        if (node == 0) break;
        const TokenId id = trie_.id(node);
        if (id < 0) continue;
        reach(at, end, id, scores_[id]);
        alone = alone || end == next;
      }
      if (!alone) reach(at, next, unknown, unknown_score_);
    }
    write(piece, best, out);
  }

 private:
  static constexpr TokenId unknown = -1;

  void write(std::string_view piece, const std::vector<LatticeNode>& best, std::vector<Symbol>& out) const {
    const std::size_t start = out.size();
    for (std::size_t at = piece.size(); at > 0; at = static_cast<std::size_t>(best[at].from))
      out.push_back({best[at].id, static_cast<std::uint32_t>(at - static_cast<std::size_t>(best[at].from))});
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(start), out.end());
    if (std::none_of(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), [](const Symbol& symbol) { return symbol.id == unknown; })) return;
    const std::vector<Symbol> cut(out.begin() + static_cast<std::ptrdiff_t>(start), out.end());
    out.resize(start);
    std::size_t begin = 0;
    for (std::size_t i = 0; i < cut.size(); ++i) {
      std::uint32_t bytes = cut[i].bytes;
      if (cut[i].id != unknown) {
        out.push_back(cut[i]);
      } else {
        // Neighbours that are unknown are one unknown.
        for (; i + 1 < cut.size() && cut[i + 1].id == unknown; ++i) bytes += cut[i + 1].bytes;
        write_unknown(piece.substr(begin, bytes), out);
      }
      begin += bytes;
    }
  }

  void write_unknown(std::string_view text, std::vector<Symbol>& out) const {
    const auto id_of = [&](char byte) { return byte_ids_[static_cast<std::uint8_t>(byte)]; };
    if (settings_.byte_fallback && std::all_of(text.begin(), text.end(), [&](char byte) { return id_of(byte) >= 0; })) {
      for (const char byte : text) out.push_back({id_of(byte), 1});
    } else if (settings_.unknown) {
      out.push_back({*settings_.unknown, static_cast<std::uint32_t>(text.size())});
    }
  }

  Trie trie_;
  std::vector<double> scores_;
  UnigramSettings settings_;
  double unknown_score_;
  std::array<TokenId, 256> byte_ids_;
};

}  // namespace

ModelPointer make_unigram(const VocabularyMap& vocabulary, std::vector<double> scores, UnigramSettings settings,
                          const std::unordered_set<TokenId>& excluded) {
  std::vector<Trie::Entry> entries;
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& [text, id] : vocabulary) {
    lowest = std::min(lowest, scores[id]);
    // Ordinary text must not reach what stands for no text.
    if (!text.empty() && !excluded.contains(id)) entries.emplace_back(text, id);
  }
  return std::make_unique<Unigram>(Trie(std::move(entries)), std::move(scores), settings, lowest - unknown_penalty, vocabulary);
}

}  // namespace trivium
