#include "decode/grammar/token_index.h"

#include <algorithm>
#include <limits>

#include "base/utf8.h"
#include "decode/grammar/grammar.h"

namespace trivium::grammar {
namespace {

constexpr std::size_t longest_token = 4096;  // bytes; longer ones are never offered

// Characters of a plain token, -1 for any other.
int plain_characters(std::string_view bytes) {
  int count = 0;
  for (std::size_t at = 0; at < bytes.size(); ++count) {
    const Utf8Step step = decode_utf8(bytes, at);
    const char32_t c = step.code_point;
    if (!step.valid || c < 0x20 || c == '"' || c == '\\' || c == 0x7F) return -1;
    at += step.bytes;
  }
  return count;
}

// `ids` in the order of their bytes.
Trie make_trie(const std::vector<std::string>& bytes, const std::vector<TokenId>& ids) {
  Trie trie;
  std::vector<std::uint32_t> open;  // nodes from the root to the last one made
  std::string_view last;
  const auto close_to = [&](std::size_t depth) {
    while (open.size() > depth) {
      trie.nodes[open.back()].end = std::uint32_t(trie.nodes.size());
      open.pop_back();
    }
  };
  for (const TokenId id : ids) {
    const std::string& text = bytes[std::size_t(id)];
    std::size_t common = 0;
    while (common < std::min(text.size(), last.size()) && text[common] == last[common]) ++common;
    // A node counts 255 tokens of the same bytes; another of the same byte stands beside it for more.
    if (common == text.size() && trie.nodes[open[common - 1]].tokens == 255) --common;
    close_to(common);
    for (std::size_t i = common; i < text.size(); ++i) {
      open.push_back(std::uint32_t(trie.nodes.size()));
      trie.nodes.push_back({0, std::uint32_t(trie.tokens.size()), std::uint16_t(i), std::uint8_t(text[i]), 0});
    }
    trie.nodes[open.back()].tokens++;
    trie.tokens.push_back(id);
    last = text;
  }
  close_to(0);
  return trie;
}

}  // namespace

std::shared_ptr<const TokenIndex> TokenIndex::of(const Tokenizer& tokenizer, std::size_t vocabulary) {
  auto index = std::make_shared<TokenIndex>();
  index->bytes_.resize(vocabulary);
  const std::size_t known = std::min(vocabulary, tokenizer.vocabulary_size());
  std::vector<TokenId> all, not_plain, long_plain;
  index->plain_.assign(longest_plain + 1, MaskWords(index->words()));
  for (std::size_t i = 0; i < known; ++i) {
    const TokenId id = TokenId(i);
    if (tokenizer.is_special(id)) {
      index->special_.emplace(tokenizer.token_text(id), id);
      continue;
    }
    std::string bytes = tokenizer.token_bytes(id);
    if (bytes.empty() || bytes.size() > longest_token) continue;
    const int characters = plain_characters(bytes);
    index->longest_ = std::max(index->longest_, std::uint32_t(bytes.size()));
    index->bytes_[i] = std::move(bytes);
    all.push_back(id);
    if (characters < 0) not_plain.push_back(id);
    if (characters > longest_plain) long_plain.push_back(id);
    for (int n = std::max(characters, 0); characters >= 0 && n <= longest_plain; ++n)
      index->plain_[std::size_t(n)][i / 64] |= std::uint64_t(1) << i % 64;
  }
  for (std::vector<TokenId>* ids : {&all, &not_plain, &long_plain}) {
    std::sort(ids->begin(), ids->end(), [&](TokenId a, TokenId b) {
      const std::string &left = index->bytes_[std::size_t(a)], &right = index->bytes_[std::size_t(b)];
      return left != right ? left < right : a < b;
    });
  }
  index->all_ = make_trie(index->bytes_, all);
  index->not_plain_ = make_trie(index->bytes_, not_plain);
  index->long_plain_ = make_trie(index->bytes_, long_plain);
  const auto spaced = std::find_if(all.begin(), all.end(), [&](TokenId id) {
    const std::string& text = index->bytes_[std::size_t(id)];
    return text.size() > 1 && text[0] == ' ' && text[1] > ' ' && plain_characters(text) > 1;
  });
  if (spaced != all.end()) {
    const TokenId id = *spaced;
    index->drops_first_space_ = !tokenizer.decode(std::span(&id, 1), true).starts_with(' ');
  }
  return index;
}

TokenId TokenIndex::special(const std::string& text) const {
  const auto found = special_.find(text);
  return found == special_.end() ? -1 : found->second;
}

std::vector<TokenId> TokenIndex::spell(std::vector<std::uint16_t> symbols, const std::vector<std::string>& special_texts,
                                       bool is_first) const {
  constexpr std::uint32_t never = std::numeric_limits<std::uint32_t>::max();
  if (symbols.empty()) return {};
  const bool needs_space = symbols[0] == ' ';
  const bool takes_space = is_first && drops_first_space_;
  if (takes_space) symbols.insert(symbols.begin(), ' ');
  const std::size_t count = symbols.size();
  std::vector<std::uint32_t> fewest(count + 1, never);
  std::vector<std::pair<TokenId, std::uint32_t>> step(count, {-1, 0});  // token, symbols
  fewest[count] = 0;
  for (std::size_t at = count; at-- > 0;) {
    const auto offer = [&](TokenId id, std::uint32_t length) {
      if (fewest[at + length] == never || fewest[at + length] + 1 >= fewest[at]) return;
      fewest[at] = fewest[at + length] + 1;
      step[at] = {id, length};
    };
    if (symbols[at] >= first_special) {
      if (const TokenId id = special(special_texts[symbols[at] - first_special]); id >= 0) offer(id, 1);
      continue;
    }
    const auto& nodes = all_.nodes;
    for (std::uint32_t node = 0, end = std::uint32_t(nodes.size()), depth = 0; node < end && at + depth < count;) {
      if (nodes[node].byte != symbols[at + depth]) {
        node = nodes[node].end;
        continue;
      }
      ++depth;
      if (nodes[node].tokens > 0) offer(all_.tokens[nodes[node].tokens_begin], depth);
      end = nodes[node].end;
      ++node;
    }
  }
  std::vector<TokenId> tokens;
  std::size_t at = takes_space && !needs_space && fewest[1] < fewest[0] ? 1 : 0;
  if (fewest[at] == never) return tokens;
  for (; at < count; at += step[at].second) tokens.push_back(step[at].first);
  return tokens;
}

}  // namespace trivium::grammar
