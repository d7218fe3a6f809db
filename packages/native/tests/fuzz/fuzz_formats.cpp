// fuzz_formats --kind gguf|folder|safetensors|json|config|tokenizer|grammar [--seed S] [--count N] [--only I]
// Deterministic: input I of seed S is always the same bytes. Fails when an input crashes, takes too long, asks for more
// memory than its size justifies, or is refused by an error that does not name file, field and remedy.
// Runs under AddressSanitizer and UndefinedBehaviorSanitizer (-DTRIVIUM_SANITIZE=ON); needs nothing else.
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>

#include "allocations.h"
#include "run_model.h"
#include "targets.h"

namespace {

// Beside its target's fixed tables, one block may hold a bounded number of bytes for each byte of input: the smallest
// JSON value takes 2 bytes in a file and 56 in memory, in a vector that doubles.
constexpr std::size_t bytes_per_input_byte = 64;
constexpr double most_seconds = 2;      // of the processor, for others share the machine; sanitized
constexpr unsigned hang_seconds = 30;   // of the processor, then the process is stopped
constexpr unsigned stuck_seconds = 900; // of the clock, for what waits for ever: others may hold this process for minutes

struct Arguments {
  std::string kind;
  std::uint64_t seed = 1, count = 10000;
  long long only = -1;
};

std::uint64_t current_input = 0;

void report_hang(int) {
  char text[64];
  const int length = std::snprintf(text, sizeof text, "hang at input %llu\n", static_cast<unsigned long long>(current_input));
  (void)!::write(STDERR_FILENO, text, static_cast<std::size_t>(length));
  ::_exit(3);
}

bool read_arguments(int count, char** words, Arguments& arguments) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = words[i], value = words[i + 1];
    if (name == "--kind") arguments.kind = value;
    else if (name == "--seed") arguments.seed = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--count") arguments.count = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--only") arguments.only = std::strtoll(value.c_str(), nullptr, 10);
    else return false;
  }
  return count % 2 == 1;
}

void watch(unsigned processor_seconds, unsigned clock_seconds) {
  const itimerval timer{{0, 0}, {processor_seconds, 0}};
  ::setitimer(ITIMER_PROF, &timer, nullptr);
  ::alarm(clock_seconds);
}

struct Figures {
  std::uint64_t taken = 0, ran = 0, refused = 0, broken = 0;
  std::size_t largest = 0;
  double slowest = 0;
  std::map<std::string, std::uint64_t> by_code;
  std::map<std::string, std::uint64_t> by_promise;  // what was broken, up to its first colon or figure
};

std::string fault_of(const trivium::Error& error) {
  const char* missing = error.message.empty() ? "message" : error.file.empty() ? "file" : error.remedy.empty() ? "remedy"
                        : error.field.empty() && error.code != trivium::ErrorCode::not_found ? "field" : nullptr;
  return missing == nullptr ? "" : std::string("an error without ") + missing + ": " + error.message;
}

// Runs one use and holds it to the promises; empty, or what was wrong.
template <class Use>
std::string try_use(const Use& use, std::size_t most_bytes, fuzz::Outcome& outcome, Figures& figures) {
  const std::clock_t start = std::clock();
  watch(hang_seconds, stuck_seconds);
  fuzz::reset_largest_allocation();
  outcome = use();
  const std::size_t largest = fuzz::largest_allocation();
  watch(0, 0);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  figures.largest = std::max(figures.largest, largest);
  figures.slowest = std::max(figures.slowest, seconds);
  if (!outcome.broken_promise.empty()) return outcome.broken_promise;
  if (largest > most_bytes) return "one allocation of " + std::to_string(largest) + " bytes";
  if (seconds > most_seconds) return "took " + std::to_string(seconds) + " s";
  return outcome.error ? fault_of(*outcome.error) : "";
}

// Empty, or what was wrong with input `number`.
std::string try_input(const fuzz::Target& target, const std::vector<fuzz::Seed>& seeds, const Arguments& arguments,
                      std::uint64_t number, const std::string& folder, Figures& figures) {
  fuzz::Random random(arguments.seed * 0x9E3779B97F4A7C15 + number);
  random.next();
  const fuzz::Seed& seed = seeds[random.below(seeds.size())];
  const fuzz::Seed& other = seeds[random.below(seeds.size())];
  const std::string input = target.mutate(seed, other, random);
  if (arguments.only >= 0) std::fwrite(input.data(), 1, input.size(), stdout);
  const std::size_t grown = bytes_per_input_byte * std::max(input.size(), seed.bytes.size());

  fuzz::Outcome outcome;
  std::string wrong = try_use([&] { return target.use(input, folder); }, target.fixed_bytes + grown, outcome, figures);
  if (wrong.empty() && !outcome.error && target.model != nullptr) {
    wrong = try_use([&] { return fuzz::run_model(target.model(folder)); }, target.run_bytes + grown, outcome, figures);
    if (!outcome.error) ++figures.ran;
  }
  outcome.error ? ++figures.refused : ++figures.taken;
  if (outcome.error) ++figures.by_code[trivium::to_string(outcome.error->code)];
  return wrong.empty() ? "" : wrong + " (" + std::to_string(input.size()) + " bytes of input)";
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  const fuzz::Target* target = nullptr;
  const bool understood = read_arguments(count, words, arguments);
  for (const auto& candidate : fuzz::targets()) {
    if (candidate.kind == arguments.kind) target = &candidate;
  }
  if (!understood || target == nullptr) {
    std::fprintf(stderr, "usage: fuzz_formats --kind gguf|folder|safetensors|json|config|tokenizer|grammar [--seed S] [--count N] [--only I]\n");
    return 2;
  }
  const std::vector<fuzz::Seed> seeds = target->seeds();
  if (std::any_of(seeds.begin(), seeds.end(), [](const fuzz::Seed& seed) { return seed.bytes.empty(); })) {
    std::fprintf(stderr, "no seeds for %s: run the fixture scripts\n", target->kind);
    return 2;
  }
  const std::string folder = (std::filesystem::temp_directory_path() / ("trivium-fuzz-" + std::to_string(::getpid()))).string();
  std::filesystem::create_directories(folder);
  std::signal(SIGALRM, report_hang);
  std::signal(SIGPROF, report_hang);
  fuzz::watch_allocations();
  Figures figures;
  const std::uint64_t first = arguments.only >= 0 ? static_cast<std::uint64_t>(arguments.only) : 0;
  const std::uint64_t end = arguments.only >= 0 ? first + 1 : arguments.count;
  for (current_input = first; current_input < end; ++current_input) {
    const std::string wrong = try_input(*target, seeds, arguments, current_input, folder, figures);
    if (wrong.empty()) continue;
    ++figures.by_promise[wrong.substr(0, wrong.find_first_of(":0123456789"))];
    if (++figures.broken <= 20) std::fprintf(stderr, "input %llu: %s\n", static_cast<unsigned long long>(current_input), wrong.c_str());
  }
  std::filesystem::remove_all(folder);
  std::fprintf(stderr, "%s: seed %llu, %llu inputs, %llu taken (%llu of them ran as models), %llu refused, %llu broken promises; largest allocation %zu bytes, slowest %.3f s;",
               target->kind, static_cast<unsigned long long>(arguments.seed), static_cast<unsigned long long>(end - first),
               static_cast<unsigned long long>(figures.taken), static_cast<unsigned long long>(figures.ran), static_cast<unsigned long long>(figures.refused),
               static_cast<unsigned long long>(figures.broken), figures.largest, figures.slowest);
  for (const auto& [code, times] : figures.by_code) std::fprintf(stderr, " %s %llu", code.c_str(), static_cast<unsigned long long>(times));
  std::fprintf(stderr, "\n");
  for (const auto& [promise, times] : figures.by_promise) std::fprintf(stderr, "  broken %llu times: %s\n", static_cast<unsigned long long>(times), promise.c_str());
  return figures.broken == 0 ? 0 : 1;
}
