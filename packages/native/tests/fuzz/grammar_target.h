// Schemas, patterns and grammar texts, mutated; what is taken is followed for a while.
#pragma once
#include "targets.h"

namespace fuzz {

std::vector<Seed> grammar_seeds();
std::string mutate_grammar(const Seed& seed, const Seed& other, Random& random);
Outcome use_grammar(const std::string& input, const std::string& folder);

}  // namespace fuzz
