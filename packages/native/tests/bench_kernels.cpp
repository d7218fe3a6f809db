// Speeds on this machine: GEMM and GEMV of each dtype, then whole steps of an embedder (BERT, 256 wide, 4
// layers, Q8_0) and of a decoder with long context (attention). Usage: bench_kernels [threads] [linear|steps]
// With one thread it counts processor time, so that what others run beside it disturbs less.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>

#include "backends/cpu/kernel_table.h"
#include "backends/plan_fixture.h"
#include "base/thread_pool.h"
#include "tensor/codecs.h"

using namespace trivium;
using namespace trivium::cpu;
using namespace trivium::test;

namespace {

// Seconds: of the processor when one thread works (other people's load does not count), of the wall
// otherwise.
double now() {
  if (ThreadPool::instance().threads() == 1) return double(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void bench_linear(const KernelTable* const* kernels) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (DType dtype :
       {DType::f32, DType::f16, DType::q8_0, DType::q4_0, DType::q4_k, DType::q5_k, DType::q6_k})
    // The last one is a decoder's head: it does not fit the caches, so one row of it shows what memory gives.
    for (auto [n, k] :
         {std::pair<std::int64_t, std::int64_t>{1024, 256}, {256, 1024}, {4096, 2048}, {32768, 4096}})
      for (std::int64_t rows : {1, 8, 512}) {
        if (n > 4096 && rows > 1) continue;
        std::vector<float> row(k), x(rows * k), out(rows * n);
        std::vector<std::byte> bytes(row_bytes(dtype, k));
        for (float& value : row) value = normal(random);
        encode_row(dtype, row.data(), bytes.data(), k);
        const auto packed = pack_matrix(
            {"w", dtype, Shape::of(n, k), [&](std::int64_t, std::int64_t count, std::byte* to) -> Status {
               for (; count > 0; --count) to = std::copy(bytes.begin(), bytes.end(), to);
               return {};
             }});
        for (float& value : x) value = normal(random);
        std::vector<std::int8_t> values(rows * k);
        std::vector<float> scales(rows * k / 32);
        std::vector<std::int32_t> sums(rows * k / 16);
        for (std::int64_t r = 0; r < rows; ++r)
          (*kernels)->quantize_row(&x[r * k], k, 1, &values[r * k], &scales[r * k / 32], &sums[r * k / 16]);
        const QuantizedRows quantized{values.data(), scales.data(), sums.data()};
        const int tasks = ThreadPool::instance().threads() * 4;
        double best = 1e9;
        for (int repeat = 0; repeat < 7; ++repeat) {
          const double start = now();
          ThreadPool::instance().run(tasks, [&](std::size_t t) {
            const std::int64_t first = packed->panels() * std::int64_t(t) / tasks,
                               last = packed->panels() * std::int64_t(t + 1) / tasks;
            if (dtype == DType::f32)
              (*kernels)->linear_f32(x.data(), rows, *packed, first, last, nullptr, out.data());
            if (dtype == DType::f16)
              (*kernels)->linear_f16(x.data(), rows, *packed, first, last, nullptr, out.data());
            if (dtype == DType::q8_0)
              (*kernels)->linear_q8(quantized, rows, *packed, first, last, nullptr, out.data());
            if (dtype == DType::q4_0)
              (*kernels)->linear_q4(quantized, rows, *packed, first, last, nullptr, out.data());
            if (dtype == DType::q4_k)
              (*kernels)->linear_q4_k(quantized, rows, *packed, first, last, nullptr, out.data());
            if (dtype == DType::q5_k)
              (*kernels)->linear_q5_k(quantized, rows, *packed, first, last, nullptr, out.data());
            if (dtype == DType::q6_k)
              (*kernels)->linear_q6_k(quantized, rows, *packed, first, last, nullptr, out.data());
          });
          best = std::min(best, now() - start);
        }
        std::printf("%-5s (%ld, %ld) x %4ld rows: %7.1f GFLOPS %6.1f GB/s of weights\n",
                    std::string(info(dtype).name).c_str(), long(n), long(k), long(rows),
                    2e-9 * double(n) * double(k) * double(rows) / best,
                    1e-9 * double(packed->bytes.size()) / best);
      }
}

double best_of(int repeats, const std::function<void()>& body) {
  double best = 1e9;
  for (int i = 0; i < repeats; ++i) {
    const double start = now();
    body();
    best = std::min(best, now() - start);
  }
  return best;
}

void bench_embedder() {
  Network net(1);
  const int width = 256, hidden = 1024, heads = 4;
  const auto linear = [&](TensorId x, int out, int in) {
    return net.plan.linear(x, net.weight(DType::q8_0, Shape::of(out, in), Role::matrix, 0, 0.05f),
                           net.weight(DType::f32, Shape::of(out), Role::vector));
  };
  const auto norm = [&](TensorId x) {
    return net.plan.normalize(x, NormKind::layer, net.weight(DType::f32, Shape::of(width), Role::vector, 1),
                              net.weight(DType::f32, Shape::of(width), Role::vector), 1e-5f);
  };
  TensorId x = norm(
      net.plan.embed_rows(net.weight(DType::q8_0, Shape::of(5000, width), Role::table), IdInput::tokens));
  for (int i = 0; i < 4; ++i) {
    const TensorId q = linear(x, width, width), k = linear(x, width, width), v = linear(x, width, width);
    const TensorId mixed = net.plan.ragged_attention(q, k, v, {heads, heads, width / heads, 0.125f});
    x = norm(net.plan.add(x, linear(mixed, width, width)));
    x = norm(net.plan.add(
        x, linear(net.plan.activate(linear(x, hidden, width), Activation::gelu_erf), width, hidden)));
  }
  net.plan.output(net.plan.normalize_l2(net.plan.pool(x, Pooling::mean)));
  const Plan plan = *net.plan.finish();
  const auto backend = *make_backend("cpu");
  for (auto [sequences, length] : {std::pair{16, 32}, {4, 128}, {2, 256}, {1, 512}}) {
    Runner runner(*backend, plan, net.weights, {512, 16, 16});
    Step step = whole_step(512, 5000, 0);
    step.output_rows.clear();
    step.slices.clear();
    for (int s = 0; s < sequences; ++s) step.slices.push_back({s * length, length, 0, {}});
    step.output_size = std::size_t(sequences) * width;
    const double seconds = best_of(9, [&] { runner.run(step); });
    std::printf("embedder, %2d x %3d tokens: %7.0f tokens/s\n", sequences, length, 512 / seconds);
  }
}

void bench_attention() {
  const int heads = 16, kv_heads = 4, head_dim = 64, context = 4096;
  Network net(1);
  const TensorId x = net.plan.embed_rows(
      net.weight(DType::f16, Shape::of(100, heads * head_dim), Role::table, 0, 1), IdInput::tokens);
  const TensorId y = net.plan.embed_rows(
      net.weight(DType::f16, Shape::of(100, kv_heads * head_dim), Role::table, 0, 1), IdInput::tokens);
  net.plan.output(
      net.plan.gather_outputs(net.plan.paged_attention(x, y, y, {heads, kv_heads, head_dim, 0.125f})));
  const Plan plan = *net.plan.finish();
  const auto backend = *make_backend("cpu");
  const PageGeometry geometry{1, kv_heads, head_dim, DType::f16};
  std::vector<std::vector<std::byte>> pages(context / page_tokens,
                                            std::vector<std::byte>(geometry.page_bytes()));
  std::vector<std::byte*> addresses;
  std::vector<std::int32_t> ids;
  for (auto& page : pages) ids.push_back(int(ids.size())), addresses.push_back(page.data());
  for (int rows : {1, 256}) {
    Runner runner(*backend, plan, net.weights, {rows, 1, rows});
    Step step = whole_step(rows, 100, heads * head_dim);
    step.slices = {{0, rows, context - rows, ids}};
    const double seconds = best_of(7, [&] { runner.run(step, {geometry, addresses}); });
    const double keys = double(rows) * (context - rows / 2.0);
    std::printf(
        "attention of %3d rows over %d keys (16 heads, 4 key heads, 64 wide, f16): %6.1f GFLOPS, %5.1f GB/s "
        "of cache\n",
        rows, context, 4e-9 * keys * heads * head_dim / seconds,
        1e-9 * context * kv_heads * head_dim * 4 / seconds);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) ThreadPool::instance().set_threads(std::atoi(argv[1]));
  const std::string what = argc > 2 ? argv[2] : "";
  const auto kernels = select_kernels();
  if (!kernels.ok()) return 1;
  std::printf("%s, %d threads\n", (*kernels)->name, ThreadPool::instance().threads());
  if (what != "steps") bench_linear(&*kernels);
  if (what != "linear") bench_embedder(), bench_attention();
}
