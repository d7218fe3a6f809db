// Reads 1 GiB over two threads and prints the best of nine passes in GB/s: the wall that decoding stands before.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

// Eight sums at once: one alone would wait for its own additions.
std::uint64_t sum(const std::uint64_t* words, std::size_t count) {
  std::uint64_t sums[8] = {};
  for (std::size_t i = 0; i < count; i += 8)
    for (int lane = 0; lane < 8; ++lane) sums[lane] += words[i + lane];
  std::uint64_t all = 0;
  for (std::uint64_t lane : sums) all += lane;
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t threads = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 2;
  if (threads == 0 || threads > 256) return 1;
  const std::size_t each = (std::size_t{1} << 27) / threads / 8 * 8;  // words of eight bytes
  const std::vector<std::uint64_t> words(each * threads, 1);
  std::vector<std::uint64_t> results(threads);
  double best = 1e9;
  for (int pass = 0; pass < 9; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> readers;
    for (std::size_t t = 0; t < threads; ++t)
      readers.emplace_back([&, t] { results[t] = sum(words.data() + t * each, each); });
    for (std::thread& reader : readers) reader.join();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (seconds < best) best = seconds;
  }
  for (std::uint64_t result : results)
    if (result != each) return 1;
  std::printf("%.2f\n", 8e-9 * double(each * threads) / best);
}
