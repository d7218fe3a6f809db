// Stop strings in streamed text, wherever token borders fall. Holds text back while it could still be the beginning of a
// stop string; the text ends before the match. Knows bytes (UTF-8), not tokens. The result does not depend on how the
// text is cut into pieces: the match that is complete first wins, and of those that end together the longest.
// An Aho-Corasick automaton: its state's depth is the length of the text held back.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace trivium {

class StopMatcher {
 public:
  explicit StopMatcher(const std::vector<std::string>& stops);  // none, and empty strings, never match

  struct Step {
    std::string text;   // certain now: no stop string can reach back into it
    int match = -1;     // index of the stop string met; the text has ended
  };
  Step push(std::string_view text);  // after a match: nothing more
  std::string finish();              // what was held back, the text has ended otherwise

 private:
  struct State {
    std::map<unsigned char, int> next;
    int fallback = 0;   // the longest proper suffix that is a state too
    int depth = 0;
    int match = -1;     // the longest stop string that ends here
    int match_bytes = 0;
  };
  int advance(int state, unsigned char byte) const;

  std::vector<State> states_;
  int state_ = 0;
  bool ended_ = false;
  std::string held_;    // (states_[state_].depth) bytes between calls
};

}  // namespace trivium
