#include "decode/stop_matcher.h"

#include <random>

#include "check.h"

using namespace trivium;

namespace {

// The definition, without any cleverness.
std::pair<std::string, int> naive(const std::string& text, const std::vector<std::string>& stops) {
  for (std::size_t end = 1; end <= text.size(); ++end) {
    int best = -1;
    for (std::size_t i = 0; i < stops.size(); ++i) {
      const bool here = !stops[i].empty() && stops[i].size() <= end && text.compare(end - stops[i].size(), stops[i].size(), stops[i]) == 0;
      if (here && (best < 0 || stops[i].size() > stops[best].size())) best = int(i);
    }
    if (best >= 0) return {text.substr(0, end - stops[best].size()), best};
  }
  return {text, -1};
}

std::string random_text(std::mt19937& random, int length) {
  std::string text;
  for (int i = 0; i < length; ++i) text += char('a' + random() % 3);
  return text;
}

}  // namespace

TEST("stop strings across pieces, against the definition") {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::string> stops(random() % 4);
    for (auto& stop : stops) stop = random_text(random, int(random() % 5));
    const std::string text = random_text(random, int(random() % 30));
    StopMatcher matcher(stops);
    std::string out;
    int match = -1;
    for (std::size_t i = 0; i < text.size() && match < 0;) {
      const std::size_t piece = random() % 4;
      const auto step = matcher.push(std::string_view(text).substr(i, piece));
      i += std::min(piece, text.size() - i);
      out += step.text;
      match = step.match;
    }
    if (match < 0) out += matcher.finish();
    const auto expected = naive(text, stops);
    CHECK_EQ(out, expected.first);
    if (match < 0 || expected.second < 0) CHECK_EQ(match, expected.second);
    else CHECK_EQ(stops[match], stops[expected.second]);
  }
}

TEST("holds back no more than may be a beginning") {
  StopMatcher matcher({"</end>", "STOP"});
  CHECK_EQ(matcher.push("hello ST").text, "hello ");
  CHECK_EQ(matcher.push("x").text, "STx");
  CHECK_EQ(matcher.push("</").text, "");
  const auto step = matcher.push("end> more");
  CHECK_EQ(step.text, "");
  CHECK_EQ(step.match, 0);
  CHECK_EQ(matcher.push("more").text, "");
}
