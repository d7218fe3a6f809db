// Hand-written splitters for the patterns of the GPT-2, Llama 3 and Qwen 2 families. Each matches everywhere:
// every piece of the text is one match, so a splitter only says where the match that begins here ends.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace trivium {

using Splitter = std::size_t (*)(std::string_view text, std::size_t at);  // at < text.size(); answers > at

extern const char* const gpt2_pattern;
extern const char* const llama3_pattern;
extern const char* const qwen2_pattern;
Splitter gpt2_splitter();
Splitter llama3_splitter();
Splitter qwen2_splitter();
Splitter splitter_of(std::string_view pattern);  // nullptr: not one of these, word for word

}  // namespace trivium
