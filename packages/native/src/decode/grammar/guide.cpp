#include "decode/grammar/guide.h"

#include <algorithm>
#include <chrono>

namespace trivium::grammar {
namespace {

constexpr int most_refusals = 8;  // then the known completion is what is left

Error refused_plan() {
  Error error;
  error.code = ErrorCode::internal;
  error.message = "the grammar's own completion was refused";
  error.field = "grammar";
  error.remedy = "report the grammar and the model's tokenizer";
  return error;
}

}  // namespace

Guide::Guide(std::shared_ptr<CompiledGrammar> compiled, std::span<const TokenId> stop_tokens)
    : matcher_(std::move(compiled)), stop_tokens_(stop_tokens.begin(), stop_tokens.end()) {}

bool Guide::is_stop(TokenId id) const { return std::find(stop_tokens_.begin(), stop_tokens_.end(), id) != stop_tokens_.end(); }

void Guide::allow_only(TokenId id) {
  std::fill(allowed_.begin(), allowed_.end(), 0);
  allowed_[std::size_t(id) / 64] |= std::uint64_t(1) << id % 64;
}

Result<std::span<const std::uint64_t>> Guide::candidates(int left) {
  const auto begin = std::chrono::steady_clock::now();
  if (fresh_ || matcher_.failed()) {
    TRIVIUM_TRY_ASSIGN(const SharedMask mask, matcher_.mask());
    allowed_ = *mask;
    const bool may_end = matcher_.may_end();
    for (const TokenId id : stop_tokens_) {
      if (id < 0 || std::size_t(id) >= matcher_.compiled().index().vocabulary()) continue;
      std::uint64_t& word = allowed_[std::size_t(id) / 64];
      const std::uint64_t bit = std::uint64_t(1) << id % 64;
      word = may_end ? word | bit : word & ~bit;
    }
    fresh_ = plan_refused_ = false;
    refusals_ = 0;
  }
  // Of what may follow, everything may have been refused, or be a stop token.
  const bool none = std::all_of(allowed_.begin(), allowed_.end(), [](std::uint64_t word) { return word == 0; });
  const bool stuck = none || refusals_ >= most_refusals;
  if (!has_plan_ && (stuck || matcher_.completion_bytes() > std::uint32_t(left))) {
    if (auto completion = matcher_.completion()) {
      plan_ = std::move(*completion);
      has_plan_ = true;
    }
  }
  if (has_plan_ && !plan_.empty() && (stuck || plan_.size() >= std::size_t(left))) {
    if (plan_refused_) return refused_plan();  // allowed again, it would be chosen and refused without end
    allow_only(plan_.front());
  }
  mask_ns_ += std::uint64_t((std::chrono::steady_clock::now() - begin).count());
  return std::span<const std::uint64_t>(allowed_);
}

bool Guide::take(TokenId id, int left) {
  const bool planned = has_plan_ && !plan_.empty() && plan_.front() == id;
  ended_ = is_stop(id) && !planned;  // where the text may end, nothing is planned
  if (ended_) return true;
  const auto refuse = [&] {
    allowed_[std::size_t(id) / 64] &= ~(std::uint64_t(1) << id % 64);
    ++refusals_;
    plan_refused_ |= planned;
    return false;
  };
  if (!matcher_.accept(id)) return refuse();
  const std::size_t room = std::size_t(left - 1);
  if (matcher_.completion_bytes() <= room) {
    has_plan_ = false;
  } else if (planned && plan_.size() - 1 <= room) {
    plan_.erase(plan_.begin());
  } else {
    auto completion = matcher_.completion();
    if (!completion || completion->size() > room) {
      matcher_.take_back();
      return refuse();
    }
    plan_ = std::move(*completion);
    has_plan_ = true;
  }
  fresh_ = true;
  return true;
}

bool Guide::finished() { return matcher_.must_end(); }

}  // namespace trivium::grammar
