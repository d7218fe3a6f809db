// Kernel speeds on this machine: GEMM and GEMV of each dtype. Usage: bench_kernels [threads]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "backends/cpu/kernel_table.h"
#include "base/thread_pool.h"
#include "tensor/codecs.h"

using namespace trivium;
using namespace trivium::cpu;

int main(int argc, char** argv) {
  if (argc > 1) ThreadPool::instance().set_threads(std::atoi(argv[1]));
  const auto kernels = select_kernels();
  if (!kernels.ok()) return 1;
  std::printf("%s, %d threads\n", (*kernels)->name, ThreadPool::instance().threads());
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (DType dtype : {DType::f32, DType::f16, DType::q8_0, DType::q4_0})
    for (auto [n, k] : {std::pair<std::int64_t, std::int64_t>{1024, 256}, {256, 1024}, {4096, 2048}})
      for (std::int64_t rows : {1, 8, 512}) {
        std::vector<float> row(k), x(rows * k), out(rows * n);
        std::vector<std::byte> bytes(row_bytes(dtype, k) * n);
        for (std::int64_t r = 0; r < n; ++r) {
          for (float& value : row) value = normal(random);
          encode_row(dtype, row.data(), bytes.data() + r * row_bytes(dtype, k), k);
        }
        const auto packed = pack_matrix({"w", dtype, Shape::of(n, k), [&](std::int64_t first, std::int64_t count, std::byte* to) -> Status {
                                           std::copy_n(bytes.data() + first * row_bytes(dtype, k), count * row_bytes(dtype, k), to);
                                           return {};
                                         }});
        for (float& value : x) value = normal(random);
        std::vector<std::int8_t> values(rows * k);
        std::vector<float> scales(rows * k / 32);
        std::vector<std::int32_t> sums(rows * k / 32);
        for (std::int64_t r = 0; r < rows; ++r) (*kernels)->quantize_row(&x[r * k], k, &values[r * k], &scales[r * k / 32], &sums[r * k / 32]);
        const QuantizedRows quantized{values.data(), scales.data(), sums.data()};
        const int tasks = ThreadPool::instance().threads() * 4;
        double best = 1e9;
        for (int repeat = 0; repeat < 7; ++repeat) {
          const auto start = std::chrono::steady_clock::now();
          ThreadPool::instance().run(tasks, [&](std::size_t t) {
            const std::int64_t first = packed->panels() * std::int64_t(t) / tasks, last = packed->panels() * std::int64_t(t + 1) / tasks;
            if (dtype == DType::f32) (*kernels)->linear_f32(x.data(), rows, *packed, first, last, nullptr, out.data());
            if (dtype == DType::f16) (*kernels)->linear_f16(x.data(), rows, *packed, first, last, nullptr, out.data());
            if (dtype == DType::q8_0) (*kernels)->linear_q8(quantized, rows, *packed, first, last, nullptr, out.data());
            if (dtype == DType::q4_0) (*kernels)->linear_q4(quantized, rows, *packed, first, last, nullptr, out.data());
          });
          best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        }
        std::printf("%-5s (%ld, %ld) x %4ld rows: %7.1f GFLOPS %6.1f GB/s of weights\n", std::string(info(dtype).name).c_str(), long(n), long(k),
                    long(rows), 2e-9 * double(n) * double(k) * double(rows) / best, 1e-9 * double(packed->bytes.size()) / best);
      }
}
