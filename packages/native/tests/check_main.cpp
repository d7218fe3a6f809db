// Runs every TEST; prints one line a failed or skipped case and a closing line that scripts read.
#include "check.h"

int main(int argc, char** argv) {
  const std::string filter = argc > 1 ? argv[1] : "";
  int passed = 0, failed = 0, skipped = 0;
  for (const auto& test : check::cases()) {
    if (std::string(test.name).find(filter) == std::string::npos) continue;
    check::failures_in_case() = 0;
    try {
      test.body();
    } catch (const check::Skip& skip) {
      std::cout << "skipped: " << test.name << ": " << skip.reason << "\n";
      ++skipped;
      continue;
    } catch (const std::exception& error) {
      check::fail("exception", 0, error.what());
    }
    if (check::failures_in_case() == 0) {
      ++passed;
    } else {
      ++failed;
      std::cout << "FAILED: " << test.name << "\n";
    }
  }
  std::cout << passed << " passed, " << failed << " failed, " << skipped << " skipped\n";
  return failed == 0 ? 0 : 1;
}
