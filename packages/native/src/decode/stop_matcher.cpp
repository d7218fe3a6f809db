#include "decode/stop_matcher.h"

#include <deque>

namespace trivium {

StopMatcher::StopMatcher(const std::vector<std::string>& stops) : states_(1) {
  for (std::size_t stop = 0; stop < stops.size(); ++stop) {
    int state = 0;
    for (const char character : stops[stop]) {
      const auto [edge, made] = states_[state].next.try_emplace(static_cast<unsigned char>(character), int(states_.size()));
      const int child = edge->second;
      if (made) {
        const int depth = states_[state].depth + 1;
        states_.emplace_back().depth = depth;
      }
      state = child;
    }
    if (state != 0 && states_[state].match < 0) {
      states_[state].match = int(stop);
      states_[state].match_bytes = int(stops[stop].size());
    }
  }
  // Breadth first, so that a shorter state's fallback is known before it is needed.
  std::deque<int> order{0};
  for (; !order.empty(); order.pop_front()) {
    const int state = order.front();
    for (const auto& [byte, child] : states_[state].next) {
      states_[child].fallback = state == 0 ? 0 : advance(states_[state].fallback, byte);
      const State& fallback = states_[states_[child].fallback];
      if (states_[child].match < 0) {
        states_[child].match = fallback.match;
        states_[child].match_bytes = fallback.match_bytes;
      }
      order.push_back(child);
    }
  }
}

int StopMatcher::advance(int state, unsigned char byte) const {
  for (;;) {
    const auto edge = states_[state].next.find(byte);
    if (edge != states_[state].next.end()) return edge->second;
    if (state == 0) return 0;
    state = states_[state].fallback;
  }
}

StopMatcher::Step StopMatcher::push(std::string_view text) {
  Step step;
  if (ended_) return step;
  for (std::size_t i = 0; i < text.size(); ++i) {
    state_ = advance(state_, static_cast<unsigned char>(text[i]));
    if (states_[state_].match < 0) continue;
    ended_ = true;
    step.match = states_[state_].match;
    held_ += text.substr(0, i + 1);
    step.text.assign(held_, 0, held_.size() - states_[state_].match_bytes);
    held_.clear();
    return step;
  }
  held_ += text;
  const std::size_t certain = held_.size() - states_[state_].depth;
  step.text.assign(held_, 0, certain);
  held_.erase(0, certain);
  return step;
}

std::string StopMatcher::finish() {
  ended_ = true;
  std::string text = std::move(held_);
  held_.clear();
  return text;
}

}  // namespace trivium
