// What is fuzzed: seeds, a mutation and a use for each kind of input.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "mutate.h"
#include "seeds.h"

namespace fuzz {

struct Outcome {
  std::optional<trivium::Error> error;  // none: the input was taken
  std::string broken_promise;           // what a taken input must not do, empty when all is well
};

// `folder` is private to this process; a target may write there.
struct Target {
  const char* kind;
  std::vector<Seed> (*seeds)();
  std::string (*mutate)(const Seed& seed, const Seed& other, Random& random);
  Outcome (*use)(const std::string& input, const std::string& folder);
  std::size_t fixed_bytes;  // what one block may hold however small the input is
  std::string (*model)(const std::string& folder);  // where use() left a model that is then run; null: none
  std::size_t run_bytes;                            // like fixed_bytes, while it runs
};

const std::vector<Target>& targets();

}  // namespace fuzz
