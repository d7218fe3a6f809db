#include "base/cpu_features.h"

#include <cstdlib>
#include <string>

#include "base/cpu_count.h"
#include "check.h"
#include "system.h"

using namespace trivium;
using namespace system_under_test;

TEST("TRIVIUM_ISA chooses, and refuses what the processor lacks") {
  const char* before = std::getenv("TRIVIUM_ISA");
  const std::string kept = before != nullptr ? before : "";
  unset_environment("TRIVIUM_ISA");
  REQUIRE(select_isa().ok());
  CHECK(cpu_has(*select_isa()));
  for (const char* name : {"generic", "ref"}) {
    set_environment("TRIVIUM_ISA", name);
    CHECK(select_isa().ok() && *select_isa() == Isa::generic);
  }
  for (const Isa isa : every_isa) {
    set_environment("TRIVIUM_ISA", to_string(isa));
    const auto chosen = select_isa();
    CHECK_EQ(chosen.ok(), cpu_has(isa));
    if (!chosen.ok()) CHECK(chosen.error().code == ErrorCode::unsupported && !chosen.error().remedy.empty());
  }
  set_environment("TRIVIUM_ISA", "mmx");
  const auto refused = select_isa();
  CHECK(!refused.ok() && refused.error().code == ErrorCode::invalid_argument);
  if (before != nullptr) {
    set_environment("TRIVIUM_ISA", kept.c_str());
  } else {
    unset_environment("TRIVIUM_ISA");
  }
  CHECK(usable_cores() >= 1);
}
