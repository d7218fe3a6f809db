// One piece of text to symbols. A model is immutable; what it needs to work lives in the caller's Workspace,
// so that many threads can use one model. Special ids other than the unknown token are never produced,
// whatever the text.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "tokenizer/tokenizer.h"

namespace trivium {

struct Symbol {
  TokenId id;
  std::uint32_t bytes;  // of the piece that it covers
};

struct MergeNode {
  TokenId id;
  std::uint32_t bytes;          // 0: merged into the node before
  std::int32_t previous, next;  // -1 at the ends
};
struct MergeCandidate {
  std::uint32_t rank, position;
  TokenId left, right;
};
struct LatticeNode {
  double score = 0;         // of the best way here
  std::int32_t from = -1;   // where its last entry begins; -1: not reached
  TokenId id = -1;          // that entry, -1: unknown
};
struct Workspace {
  const std::atomic<bool>* cancelled = nullptr;
  bool is_cancelled() const { return cancelled != nullptr && cancelled->load(std::memory_order_relaxed); }
  std::vector<LatticeNode> lattice;
  std::vector<MergeNode> nodes;
  std::vector<MergeCandidate> heap;
  std::vector<std::uint32_t> ranks;
  std::string scratch;
};

class Model {
 public:
  virtual ~Model() = default;
  // Once the workspace is cancelled, it may end early with symbols of no use.
  virtual void tokenize(std::string_view piece, Workspace& workspace, std::vector<Symbol>& out) const = 0;
};
using ModelPointer = std::unique_ptr<const Model>;

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using VocabularyMap = std::unordered_map<std::string, TokenId, StringHash, std::equal_to<>>;

struct BpeSettings {
  bool bytes =
      false;  // vocabulary entries are raw bytes, one symbol a byte; otherwise one symbol a character
  bool fuse_unknown = false, byte_fallback = false, ignore_merges = false;
  std::optional<TokenId> unknown;
  std::string continuing_prefix, word_suffix;
};
struct Merge {
  std::string left, right;  // entries of the vocabulary
};
// Merges in order of rank. An entry that the vocabulary lacks is a `bad_format` error whose field is
// "/index".
Result<ModelPointer> make_bpe(VocabularyMap vocabulary, const std::vector<Merge>& merges,
                              BpeSettings settings, const std::unordered_set<TokenId>& special);

struct WordPieceSettings {
  TokenId unknown = 0;
  std::string continuing_prefix = "##";
  std::size_t max_characters = 100;
};
ModelPointer make_wordpiece(const VocabularyMap& vocabulary, WordPieceSettings settings,
                            const std::unordered_set<TokenId>& special);

struct UnigramSettings {
  std::optional<TokenId> unknown;
  bool byte_fallback = false;
};
// scores[id] is the log probability of an entry. Text never becomes an id of `excluded`, unless it is the unknown one or
// a byte's.
ModelPointer make_unigram(const VocabularyMap& vocabulary, std::vector<double> scores, UnigramSettings settings,
                          const std::unordered_set<TokenId>& excluded);

}  // namespace trivium
