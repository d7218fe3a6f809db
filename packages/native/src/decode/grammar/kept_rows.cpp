#include "decode/grammar/kept_rows.h"

#include <algorithm>
#include <vector>

#include "decode/grammar/compiled_grammar.h"

namespace trivium::grammar {

void KeptRows::used(CompiledGrammar& grammar, std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = std::find_if(uses_.begin(), uses_.end(), [&](const Use& use) { return use.grammar == &grammar; });
    if (known == uses_.end()) {
      uses_.push_front({&grammar, 0});
    } else {
      uses_.splice(uses_.begin(), uses_, known);
    }
    bytes_ += bytes - uses_.front().bytes;
    uses_.front().bytes = bytes;
    if (bytes_ <= most_bytes_) return;
  }
  leave_beyond(most_bytes_);
}

void KeptRows::gone(const CompiledGrammar& grammar) {
  const std::lock_guard lock(mutex_);
  const auto known = std::find_if(uses_.begin(), uses_.end(), [&](const Use& use) { return use.grammar == &grammar; });
  if (known == uses_.end()) return;
  bytes_ -= known->bytes;
  uses_.erase(known);
}

void KeptRows::leave_all() { leave_beyond(0); }

std::size_t KeptRows::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void KeptRows::leave_beyond(std::size_t most_bytes) {
  std::vector<std::shared_ptr<void>> left;  // freed outside the lock
  const std::lock_guard lock(mutex_);
  while (bytes_ > most_bytes) {
    left.push_back(uses_.back().grammar->leave_rows());
    bytes_ -= uses_.back().bytes;
    uses_.pop_back();
  }
}

}  // namespace trivium::grammar
