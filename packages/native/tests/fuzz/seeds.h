// What mutations start from: real inputs in small, written by the engine's own writers or taken from the fixtures.
#pragma once
#include <string>
#include <vector>

#include "formats/model_file.h"

namespace fuzz {

struct Seed {
  std::string bytes;
  std::size_t head = std::string::npos;  // where bulk data begins; mutations keep mostly before it
};

std::string fixture(const std::string& name);  // bytes of a file below tests/fixtures, empty when it is not there
std::string put(const std::string& folder, const std::string& name, const std::string& bytes);  // writes; the path

// One GGUF model for each pre-tokenizer by name, over several architectures and weight types in turn, and models with
// the other kinds of tokenizers.
std::vector<Seed> gguf_seeds();

// Fills in a vocabulary of its kind and answers how many tokens it has.
std::size_t byte_level_tokenizer(trivium::Metadata& metadata, const std::string& pre);
std::size_t sentencepiece_tokenizer(trivium::Metadata& metadata);
std::size_t unigram_tokenizer(trivium::Metadata& metadata);  // with a character map
std::size_t wordpiece_tokenizer(trivium::Metadata& metadata);

template <class T>
std::shared_ptr<const trivium::GgufArray> array(std::vector<T> items) {
  return std::make_shared<trivium::GgufArray>(trivium::GgufArray{std::move(items)});
}

}  // namespace fuzz
