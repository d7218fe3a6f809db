// Byte-pair encoding: the pair of lowest rank, leftmost first, is merged until none is left. Short pieces
// scan an array; long ones use a heap, so a run of n characters takes O(n log n). Knows nothing of
// pre-tokenizers.
#include <algorithm>
#include <array>

#include "tokenizer/model.h"
#include "tokenizer/text.h"

namespace trivium {
namespace {

constexpr std::uint32_t no_rank = 0xFFFFFFFFu;
constexpr std::size_t short_piece = 24;

// (left, right) -> (rank, merged), open addressing, at most half full.
class MergeTable {
 public:
  struct Entry {
    std::uint64_t key = empty;
    std::uint32_t rank = no_rank;
    TokenId merged = -1;
  };
  explicit MergeTable(std::size_t count) {
    std::size_t size = 16;
    while (size < count * 2) size *= 2;
    entries_.resize(size);
    mask_ = size - 1;
  }
  void insert(TokenId left, TokenId right, std::uint32_t rank, TokenId merged) {
    const std::uint64_t key = key_of(left, right);
    std::size_t at = slot(key);
    while (entries_[at].key != empty && entries_[at].key != key) at = (at + 1) & mask_;
    entries_[at] = {key, rank, merged};
  }
  const Entry* find(TokenId left, TokenId right) const {
    const std::uint64_t key = key_of(left, right);
    for (std::size_t at = slot(key);; at = (at + 1) & mask_) {
      if (entries_[at].key == key) return &entries_[at];
      if (entries_[at].key == empty) return nullptr;
    }
  }

 private:
  static constexpr std::uint64_t empty = ~std::uint64_t{0};
  static std::uint64_t key_of(TokenId left, TokenId right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
  }
  std::size_t slot(std::uint64_t key) const {
    key *= 0x9E3779B97F4A7C15u;
    return (key ^ key >> 32) & mask_;
  }
  std::vector<Entry> entries_;
  std::size_t mask_ = 0;
};

class Bpe : public Model {
 public:
  Bpe(VocabularyMap vocabulary, BpeSettings settings, std::size_t merges)
      : vocabulary_(std::move(vocabulary)), settings_(std::move(settings)), table_(merges) {
    byte_ids_.fill(-1);
    fallback_ids_.fill(-1);
    static const char* const digits = "0123456789ABCDEF";
    for (int b = 0; b < 256; ++b) {
      const char byte = static_cast<char>(b);
      byte_ids_[b] = id_of(std::string_view(&byte, 1));
      fallback_ids_[b] = id_of(std::string("<0x") + digits[b >> 4] + digits[b & 15] + ">");
    }
  }

  TokenId id_of(std::string_view text) const {
    const auto found = vocabulary_.find(text);
    return found == vocabulary_.end() ? -1 : found->second;
  }
  MergeTable& table() { return table_; }

  void tokenize(std::string_view piece, Workspace& workspace, std::vector<Symbol>& out) const override {
    if (settings_.ignore_merges) {
      const TokenId whole = id_of(piece);
      if (whole >= 0) {
        out.push_back({whole, static_cast<std::uint32_t>(piece.size())});
        return;
      }
    }
    const std::size_t start = out.size();
    if (settings_.bytes) {
      byte_symbols(piece, out);
    } else {
      character_symbols(piece, workspace, out);
    }
    if (out.size() - start <= short_piece) {
      merge_short(out, start, workspace);
    } else {
      merge_long(out, start, workspace);
    }
  }

 private:
  void byte_symbols(std::string_view piece, std::vector<Symbol>& out) const {
    std::uint32_t unknown = 0;
    for (const char byte : piece) {
      const TokenId id = byte_ids_[static_cast<std::uint8_t>(byte)];
      if (id >= 0) {
        flush_unknown(unknown, out);
        out.push_back({id, 1});
      } else {
        add_unknown(1, unknown, out);
      }
    }
    flush_unknown(unknown, out);
  }

  void character_symbols(std::string_view piece, Workspace& workspace, std::vector<Symbol>& out) const {
    std::uint32_t unknown = 0;
    for (std::size_t i = 0; i < piece.size();) {
      const std::size_t at = i;
      next_character(piece, i);
      const std::uint32_t bytes = static_cast<std::uint32_t>(i - at);
      std::string& text = workspace.scratch;
      text.clear();
      if (at > 0) text += settings_.continuing_prefix;
      text += piece.substr(at, bytes);
      if (i == piece.size()) text += settings_.word_suffix;
      const TokenId id = id_of(text);
      if (id >= 0) {
        flush_unknown(unknown, out);
        out.push_back({id, bytes});
      } else if (!settings_.byte_fallback || !fall_back(text, out)) {
        add_unknown(bytes, unknown, out);
      }
    }
    flush_unknown(unknown, out);
  }

  bool fall_back(std::string_view text, std::vector<Symbol>& out) const {
    for (const char byte : text) {
      if (fallback_ids_[static_cast<std::uint8_t>(byte)] < 0) return false;
    }
    for (const char byte : text) out.push_back({fallback_ids_[static_cast<std::uint8_t>(byte)], 1});
    return true;
  }

  // `unknown` counts the bytes of an unknown token not written yet; it comes out before the next known one.
  void add_unknown(std::uint32_t bytes, std::uint32_t& unknown, std::vector<Symbol>& out) const {
    if (!settings_.unknown) return;
    if (!settings_.fuse_unknown) flush_unknown(unknown, out);
    unknown += bytes;
  }
  void flush_unknown(std::uint32_t& unknown, std::vector<Symbol>& out) const {
    if (unknown > 0) out.push_back({*settings_.unknown, unknown});
    unknown = 0;
  }

  void merge_short(std::vector<Symbol>& out, std::size_t start, Workspace& workspace) const {
    std::size_t count = out.size() - start;
    if (count < 2) return;
    Symbol* symbols = out.data() + start;
    std::vector<std::uint32_t>& ranks = workspace.ranks;  // ranks[i] of the pair (i, i + 1)
    ranks.resize(count);
    const auto rank = [&](std::size_t i) {
      const MergeTable::Entry* entry = table_.find(symbols[i].id, symbols[i + 1].id);
      return entry == nullptr ? no_rank : entry->rank;
    };
    for (std::size_t i = 0; i + 1 < count; ++i) ranks[i] = rank(i);
    while (count > 1) {
      const std::size_t best = std::min_element(ranks.begin(), ranks.begin() + count - 1) - ranks.begin();
      if (ranks[best] == no_rank) break;
      symbols[best].id = table_.find(symbols[best].id, symbols[best + 1].id)->merged;
      symbols[best].bytes += symbols[best + 1].bytes;
      std::copy(symbols + best + 2, symbols + count, symbols + best + 1);
      std::copy(ranks.begin() + best + 2, ranks.begin() + count, ranks.begin() + best + 1);
      --count;
      if (best > 0) ranks[best - 1] = rank(best - 1);
      if (best + 1 < count) ranks[best] = rank(best);
    }
    out.resize(start + count);
  }

  void merge_long(std::vector<Symbol>& out, std::size_t start, Workspace& workspace) const {
    std::vector<MergeNode>& nodes = workspace.nodes;
    std::vector<MergeCandidate>& heap = workspace.heap;
    nodes.clear();
    heap.clear();
    const std::int32_t count = static_cast<std::int32_t>(out.size() - start);
    for (std::int32_t i = 0; i < count; ++i) {
      nodes.push_back({out[start + i].id, out[start + i].bytes, i - 1, i + 1 < count ? i + 1 : -1});
    }
    const auto later = [](const MergeCandidate& a, const MergeCandidate& b) {
      return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
    };
    const auto consider = [&](std::int32_t left) {
      if (left < 0 || nodes[left].next < 0) return;
      const TokenId a = nodes[left].id, b = nodes[nodes[left].next].id;
      if (const MergeTable::Entry* entry = table_.find(a, b)) {
        heap.push_back({entry->rank, static_cast<std::uint32_t>(left), a, b});
      }
    };
    for (std::int32_t i = 0; i + 1 < count; ++i) consider(i);
    std::make_heap(heap.begin(), heap.end(), later);
    while (!heap.empty() && !workspace.is_cancelled()) {
      std::pop_heap(heap.begin(), heap.end(), later);
      const MergeCandidate best = heap.back();
      heap.pop_back();
      MergeNode& left = nodes[best.position];
      // Stale: one of the two was merged away or grew since.
      if (left.bytes == 0 || left.next < 0 || left.id != best.left || nodes[left.next].id != best.right)
        continue;
      MergeNode& right = nodes[left.next];
      left.id = table_.find(best.left, best.right)->merged;
      left.bytes += right.bytes;
      left.next = right.next;
      right.bytes = 0;
      if (left.next >= 0) nodes[left.next].previous = static_cast<std::int32_t>(best.position);
      for (const std::int32_t at : {left.previous, static_cast<std::int32_t>(best.position)}) {
        const std::size_t before = heap.size();
        consider(at);
        if (heap.size() > before) std::push_heap(heap.begin(), heap.end(), later);
      }
    }
    out.resize(start);
    for (std::int32_t i = count > 0 ? 0 : -1; i >= 0; i = nodes[i].next)
      out.push_back({nodes[i].id, nodes[i].bytes});
  }

  VocabularyMap vocabulary_;
  BpeSettings settings_;
  MergeTable table_;
  std::array<TokenId, 256> byte_ids_, fallback_ids_;
};

}  // namespace

Result<ModelPointer> make_bpe(VocabularyMap vocabulary, const std::vector<Merge>& merges,
                              BpeSettings settings, const std::unordered_set<TokenId>& special) {
  const std::size_t prefix = settings.continuing_prefix.size();
  const VocabularyMap all = vocabulary;
  // Ordinary text must not reach a special id: it is no symbol, no whole word and no merge's result.
  std::erase_if(vocabulary, [&](const auto& entry) { return special.contains(entry.second); });
  auto model = std::make_unique<Bpe>(std::move(vocabulary), std::move(settings), merges.size());
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const Merge& merge = merges[i];
    const std::string whole = merge.left + (merge.right.size() >= prefix ? merge.right.substr(prefix) : "");
    TokenId ids[3];
    const std::string* const parts[3] = {&merge.left, &merge.right, &whole};
    for (int k = 0; k < 3; ++k) {
      const auto found = all.find(*parts[k]);
      if (found == all.end()) {
        return Error{ErrorCode::bad_format,
                     "A merge names a token that the vocabulary lacks.",
                     "",
                     std::string("/").append(std::to_string(i)),
                     "entries of the vocabulary",
                     *parts[k],
                     "Get the tokenizer file again."};
      }
      ids[k] = found->second;
    }
    if (special.contains(ids[2])) continue;
    model->table().insert(ids[0], ids[1], static_cast<std::uint32_t>(i), ids[2]);
  }
  return ModelPointer(std::move(model));
}

}  // namespace trivium
