// The project's C++ test header: TEST("name") { CHECK(...); } and nothing else. No registry network, no framework.
#pragma once
#include <cmath>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace check {

struct Case {
  const char* name;
  void (*body)();
};
inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}
struct Registration {
  Registration(const char* name, void (*body)()) { cases().push_back({name, body}); }
};
struct Skip {
  std::string reason;
};
inline int& failures_in_case() {
  static int count = 0;
  return count;
}
inline void fail(const char* file, int line, const std::string& what) {
  ++failures_in_case();
  if (failures_in_case() <= 20) std::cerr << "  " << file << ":" << line << ": " << what << "\n";
}
template <class T>
std::string show(const T& value) {
  if constexpr (requires(std::ostream& o) { o << value; }) {
    std::ostringstream out;
    out.precision(9);
    out << value;
    return out.str();
  } else {
    return "?";
  }
}

// A function, so that temporaries inside the two expressions live through the comparison.
template <class A, class B>
void equal(const A& a, const B& b, const char* file, int line, const char* expression) {
  if (!(a == b)) fail(file, line, std::string(expression) + ": " + show(a) + " vs " + show(b));
}

}  // namespace check

#define CHECK_CONCAT_(a, b) a##b
#define CHECK_CONCAT(a, b) CHECK_CONCAT_(a, b)
#define TEST_(name, id)                                                        \
  static void CHECK_CONCAT(test_body_, id)();                                  \
  static check::Registration CHECK_CONCAT(test_registration_, id)(name, CHECK_CONCAT(test_body_, id)); \
  static void CHECK_CONCAT(test_body_, id)()
#define TEST(name) TEST_(name, __COUNTER__)
#define CHECK(condition) \
  do { if (!(condition)) check::fail(__FILE__, __LINE__, "CHECK(" #condition ") failed"); } while (false)
#define CHECK_EQ(a, b) check::equal((a), (b), __FILE__, __LINE__, #a " == " #b)
#define CHECK_NEAR(a, b, tolerance)                                                                      \
  do {                                                                                                   \
    const double check_a_ = (a), check_b_ = (b);                                                         \
    if (!(std::fabs(check_a_ - check_b_) <= (tolerance)))                                                \
      check::fail(__FILE__, __LINE__, #a " near " #b ": " + check::show(check_a_) + " vs " + check::show(check_b_)); \
  } while (false)
// Stops the case: what follows needs the condition.
#define REQUIRE(condition)                                                              \
  do {                                                                                  \
    if (!(condition)) {                                                                 \
      check::fail(__FILE__, __LINE__, "REQUIRE(" #condition ") failed");                \
      return;                                                                           \
    }                                                                                   \
  } while (false)
#define SKIP(reason) throw check::Skip { reason }
