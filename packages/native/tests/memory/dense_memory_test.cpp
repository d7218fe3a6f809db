#include "memory/dense_memory.h"

#include <cstring>
#include <map>
#include <random>

#include "check.h"

using namespace trivium;

namespace {

const PageGeometry geometry{.layers = 1, .kv_heads = 1, .head_dim = 1, .dtype = DType::f32};  // 512-byte pages

std::vector<std::int32_t> random_tokens(std::mt19937& random, int count) {
  std::vector<std::int32_t> tokens(count);
  for (int i = 0; i < count; ++i) tokens[i] = int(random() % 2) + (i % page_tokens == 0 ? 0 : 7);
  return tokens;
}

// What a position's keys would be: a hash of all tokens up to it.
float content(const std::vector<std::int32_t>& tokens, int position) {
  std::uint32_t hash = 17;
  for (int i = 0; i <= position; ++i) hash = hash * 31 + std::uint32_t(tokens[i]) + 1;
  return float(hash % 100003);
}

float& cell(PagePool& pool, const Memory& memory, int position) {
  auto* page = reinterpret_cast<float*>(pool.addresses()[memory.pages()[position / page_tokens]]);
  return page[position % page_tokens];
}

void write(PagePool& pool, Memory& memory, const std::vector<std::int32_t>& tokens, int count) {
  for (int i = 0; i < count; ++i) cell(pool, memory, memory.tokens() + i) = content(tokens, memory.tokens() + i);
  memory.advance(count);
}

bool holds(PagePool& pool, const Memory& memory, const std::vector<std::int32_t>& tokens) {
  for (int i = 0; i < memory.tokens(); ++i) {
    if (cell(pool, memory, i) != content(tokens, i)) return false;
  }
  return true;
}

}  // namespace

TEST("pages of a count of tokens, up to the largest count") {
  CHECK_EQ(DenseMemory::pages_for(0), 0);
  CHECK_EQ(DenseMemory::pages_for(1), 1);
  CHECK_EQ(DenseMemory::pages_for(64), 1);
  CHECK_EQ(DenseMemory::pages_for(65), 2);
  CHECK_EQ(DenseMemory::pages_for(2147483647), 33554432);
}

TEST("pool: limit, reuse") {
  PagePool pool(geometry, 10 * geometry.page_bytes() + 100);
  CHECK_EQ(pool.capacity(), 10);
  std::vector<PageId> pages;
  for (int i = 0; i < 10; ++i) pages.push_back(pool.allocate().value());
  CHECK(!pool.allocate().ok());
  CHECK(pool.allocate().error().code == ErrorCode::out_of_memory);
  CHECK_EQ(pool.used_bytes(), 10 * geometry.page_bytes());
  for (const PageId page : pages) pool.release(page);
  CHECK_EQ(pool.used(), 0);
  CHECK(pool.allocate().ok());
  CHECK_EQ(pool.allocated_bytes(), 10 * geometry.page_bytes());
}

TEST("what is written behind a cut leaves the published page as it is: copied where others count on it") {
  PagePool pool(geometry, 100 * geometry.page_bytes());
  PrefixTree tree(pool);
  std::mt19937 random(1);
  const auto tokens = random_tokens(random, 200);
  DenseMemory first(pool, tree);
  CHECK(first.reserve(150).ok());
  write(pool, first, tokens, 150);
  first.publish(tokens);
  first.truncate(100);
  CHECK_EQ(pool.used(), 2);
  auto other = tokens;
  other[100] += 5;
  CHECK(first.can_reserve(1));
  CHECK(first.reserve(1).ok());
  CHECK_EQ(pool.used(), 3);
  write(pool, first, other, 1);
  CHECK(first.reserve(1).ok());  // now its own
  CHECK_EQ(pool.used(), 3);
  write(pool, first, other, 1);
  CHECK(holds(pool, first, other));
  DenseMemory second(pool, tree);
  CHECK_EQ(second.adopt(tokens), 2 * page_tokens);
  CHECK(holds(pool, second, tokens));
}

TEST("prefixes: longest shared, identical pages become one, least recently used goes first") {
  PagePool pool(geometry, 6 * geometry.page_bytes());
  PrefixTree tree(pool);
  std::mt19937 random(2);
  const auto a = random_tokens(random, 3 * page_tokens);
  auto b = a;
  b[page_tokens + 3] += 1;
  {
    DenseMemory one(pool, tree), two(pool, tree);
    CHECK(one.reserve(160).ok());
    write(pool, one, a, 160);
    CHECK(two.reserve(128).ok());
    write(pool, two, b, 128);
    CHECK_EQ(pool.used(), 5);
    one.publish(a);
    two.publish(b);
    CHECK_EQ(pool.used(), 4);  // the first page is one
    CHECK_EQ(one.pages()[0], two.pages()[0]);
    CHECK_EQ(tree.nodes(), 3);
    CHECK_EQ(pool.idle_cached(), 0);
  }
  CHECK_EQ(pool.used(), 3);
  CHECK_EQ(pool.idle_cached(), 3);
  DenseMemory three(pool, tree);
  CHECK_EQ(three.adopt(a), 2 * page_tokens);
  CHECK(holds(pool, three, a));
  CHECK_EQ(pool.idle_cached(), 1);
  CHECK(three.can_reserve(4 * page_tokens));
  CHECK(!three.can_reserve(4 * page_tokens + 1));
  CHECK(three.reserve(4 * page_tokens).ok());  // evicts the page of b
  CHECK_EQ(tree.nodes(), 2);
  DenseMemory four(pool, tree);
  CHECK_EQ(four.adopt(b), page_tokens);
}

TEST("random operations against a simple model") {
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    const int capacity = 8 + int(random() % 40);
    PagePool pool(geometry, capacity * geometry.page_bytes());
    {
      PrefixTree tree(pool);
      struct Live { std::unique_ptr<Memory> memory; std::vector<std::int32_t> tokens; };
      std::vector<Live> live;
      for (int i = 0; i < 1500; ++i) {
        const int action = int(random() % 8);
        if (live.empty() || (action == 0 && live.size() < 12)) {
          live.push_back({std::make_unique<DenseMemory>(pool, tree), random_tokens(random, 400)});
          live.back().memory->adopt(std::span(live.back().tokens).first(399));
          continue;
        }
        Live& chosen = live[random() % live.size()];
        const int tokens = chosen.memory->tokens();
        if (action <= 3) {
          const int count = std::min(1 + int(random() % 150), 400 - tokens);
          const bool can = chosen.memory->can_reserve(count);
          CHECK_EQ(chosen.memory->reserve(count).ok(), can);
          if (can && count > 0) write(pool, *chosen.memory, chosen.tokens, count - int(random() % 2) * (count / 2));
        } else if (action == 4) {
          chosen.memory->publish(chosen.tokens);
        } else if (action == 5) {
          chosen.memory->truncate(int(random() % (tokens + 1)));
          const auto fresh = random_tokens(random, 400);
          std::copy(fresh.begin() + chosen.memory->tokens(), fresh.end(), chosen.tokens.begin() + chosen.memory->tokens());
        } else if (action == 6 && live.size() < 12) {  // goes the same way as far as pages are published, and then its own
          Live other{std::make_unique<DenseMemory>(pool, tree), chosen.tokens};
          other.memory->adopt(std::span(other.tokens).first(tokens));
          for (std::size_t t = other.memory->tokens(); t < 400; ++t) other.tokens[t] ^= 1;
          live.push_back(std::move(other));
        } else if (action == 7) {
          live.erase(live.begin() + (&chosen - live.data()));
        }
        std::map<PageId, int> counts;
        for (const Live& one : live) {
          CHECK(holds(pool, *one.memory, one.tokens));
          for (const PageId page : one.memory->pages()) counts[page]++;
        }
        int held = 0;
        for (const auto& [page, count] : counts) {
          CHECK(pool.count(page) == count || pool.count(page) == count + 1);  // and the tree
          ++held;
        }
        CHECK_EQ(pool.used(), held + pool.idle_cached());
        CHECK(pool.used() <= capacity);
      }
    }
    CHECK_EQ(pool.used(), 0);
    CHECK_EQ(pool.idle_cached(), 0);
  }
}
