// What the tokenizer tests share: the committed fixtures and a way to read them.
#pragma once
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "check.h"
#include "formats/json.h"
#include "tokenizer/tokenizer.h"

namespace fixtures {

inline constexpr const char* names[] = {"gpt2",  "llama3", "qwen2",   "bert",
                                      "plain", "spm",    "unigram", "unigram-bytes"};

inline std::string read(const std::string& name) {
  std::ifstream in(std::string(TRIVIUM_FIXTURES) + "/tokenizer/" + name, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}
inline std::shared_ptr<const trivium::Tokenizer> load(const std::string& name) {
  auto made = trivium::Tokenizer::from_json(read(name + ".json"), name + ".json");
  if (!made.ok()) {
    check::fail(__FILE__, __LINE__, name + ": " + made.error().message + " " + made.error().field);
    return nullptr;
  }
  return std::move(made).value();
}
inline std::vector<trivium::TokenId> ids(const trivium::Json& list) {
  std::vector<trivium::TokenId> all;
  for (const trivium::Json& one : list.items())
    all.push_back(static_cast<trivium::TokenId>(one.integer().value_or(-1)));
  return all;
}

}  // namespace fixtures
