#include "base/cpu_features.h"

#include <cstdlib>
#include <string>

#include "base/cpu_count.h"
#include "check.h"

using namespace trivium;

TEST("TRIVIUM_ISA chooses, and refuses what the processor lacks") {
  const char* before = std::getenv("TRIVIUM_ISA");
  const std::string kept = before != nullptr ? before : "";
  unsetenv("TRIVIUM_ISA");
  REQUIRE(select_isa().ok());
  CHECK(cpu_has(*select_isa()));
  for (const char* name : {"generic", "ref"}) {
    setenv("TRIVIUM_ISA", name, 1);
    CHECK(select_isa().ok() && *select_isa() == Isa::generic);
  }
  for (const Isa isa : {Isa::avx2, Isa::avx512}) {
    setenv("TRIVIUM_ISA", to_string(isa), 1);
    const auto chosen = select_isa();
    CHECK_EQ(chosen.ok(), cpu_has(isa));
    if (!chosen.ok()) CHECK(chosen.error().code == ErrorCode::unsupported && !chosen.error().remedy.empty());
  }
  setenv("TRIVIUM_ISA", "mmx", 1);
  const auto refused = select_isa();
  CHECK(!refused.ok() && refused.error().code == ErrorCode::invalid_argument);
  if (before != nullptr) {
    setenv("TRIVIUM_ISA", kept.c_str(), 1);
  } else {
    unsetenv("TRIVIUM_ISA");
  }
  CHECK(usable_cores() >= 1);
}
