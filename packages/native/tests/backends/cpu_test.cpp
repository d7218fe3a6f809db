// The cpu backend against ref, and against the law of order: a row's result is the same bits in any company.
#include "backends/cpu/cpu_backend.h"
#include "backends/cpu/kernel_table.h"
#include "base/cpu_features.h"
#include "base/thread_pool.h"
#include "plan_fixture.h"
#include "system.h"

using namespace trivium;
using namespace trivium::test;

namespace {

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names = {"wide"};
  for (const Isa isa : every_isa)
    if (cpu_has(isa)) names.push_back(to_string(isa));
  return names;
}

std::shared_ptr<Backend> backend(const std::string& isa) {
  if (isa == "ref") return *make_backend("ref");
  if (isa == "wide") return make_cpu_backend(cpu::wide_generic_kernels());
  system_under_test::set_environment("TRIVIUM_ISA", isa.c_str());
  auto made = make_backend("cpu");
  system_under_test::unset_environment("TRIVIUM_ISA");
  CHECK(made.ok());
  return *made;
}

Plan linear_plan(Network& net, DType dtype, int columns, int out) {
  const TensorId x =
      net.plan.embed_rows(net.weight(DType::f32, Shape::of(50, columns), Role::table, 0, 1), IdInput::tokens);
  const TensorId w = net.weight(dtype, Shape::of(out, columns), Role::matrix);
  net.plan.output(
      net.plan.gather_outputs(net.plan.linear(x, w, net.weight(DType::f32, Shape::of(out), Role::vector))));
  return *net.plan.finish();
}

// Every type of weight, with every precision of the activations that it rounds.
std::vector<std::pair<DType, int>> products() {
  std::vector<std::pair<DType, int>> all;
  for (DType dtype : weight_types) {
    all.emplace_back(dtype, 8);
    if (is_quantized(dtype)) all.emplace_back(dtype, 16);
  }
  return all;
}

}  // namespace

TEST("linear of every dtype agrees with ref and does not depend on the rows beside it") {
  for (const std::string& isa : instruction_sets())
    for (auto [dtype, bits] : products())
      for (auto [columns, out] : {std::pair{32, 16}, {96, 40}, {256, 33}, {352, 33}, {1024, 17}, {768, 1}}) {
        if (columns % int(info(dtype).block_elements) != 0) continue;
        Network net(7, bits);
        const Plan plan = linear_plan(net, dtype, columns, out);
        const auto ref = backend("ref"), cpu = backend(isa);
        Runner expected(*ref, plan, net.weights, {70, 1, 70}), actual(*cpu, plan, net.weights, {70, 1, 70});
        const std::vector<float> whole = actual.run(whole_step(70, 50, out));
        const double of_column = !is_quantized(dtype) ? 2e-5 : bits == 8 ? 0.02 : 8e-5;
        const double tolerance = of_column * std::sqrt(double(columns));
        CHECK(largest_difference(expected.run(whole_step(70, 50, out)), whole) < tolerance);
        const Step all = whole_step(70, 50, out);
        for (int rows : {1, 2, 3, 5, 6, 7, 13, 64}) {
          Step some = whole_step(rows, 50, out);
          some.tokens.assign(all.tokens.end() - rows, all.tokens.end());
          const std::vector<float> part = actual.run(some);
          CHECK(std::memcmp(part.data(), whole.data() + std::size_t(70 - rows) * out, part.size() * 4) == 0);
        }
      }
}

TEST("columns that are no multiple of a vector: norms, activations, glu") {
  for (const std::string& isa : instruction_sets())
    for (int columns : {5, 20, 33, 48, 129})
      for (NormKind kind : {NormKind::rms, NormKind::layer})
        for (Activation activation : {Activation::silu, Activation::gelu_erf, Activation::gelu_tanh, Activation::tanh}) {
          Network net(11);
          const TensorId x = net.plan.embed_rows(
              net.weight(DType::f32, Shape::of(50, columns), Role::table, 0.5f, 2), IdInput::tokens);
          const TensorId weight = net.weight(DType::f32, Shape::of(columns), Role::vector, 1),
                         bias = net.weight(DType::f32, Shape::of(columns), Role::vector);
          const TensorId normed =
              net.plan.normalize(x, kind, weight, kind == NormKind::layer ? bias : no_tensor, 1e-5f);
          const TensorId mixed =
              net.plan.add(net.plan.glu(normed, x, activation), net.plan.activate(normed, activation));
          net.plan.output(net.plan.gather_outputs(mixed));
          const Plan plan = *net.plan.finish();
          const auto ref = backend("ref"), cpu = backend(isa);
          Runner expected(*ref, plan, net.weights, {9, 1, 9}), actual(*cpu, plan, net.weights, {9, 1, 9});
          CHECK(largest_difference(expected.run(whole_step(9, 50, columns)),
                                   actual.run(whole_step(9, 50, columns))) < 2e-5);
        }
}

TEST("pooling and unit length agree with ref") {
  for (const std::string& isa : instruction_sets())
    for (Pooling pooling : {Pooling::mean, Pooling::cls, Pooling::last, Pooling::sum}) {
      Network net(3);
      const TensorId x =
          net.plan.embed_rows(net.weight(DType::q8_0, Shape::of(50, 64), Role::table, 0, 1), IdInput::tokens);
      net.plan.output(net.plan.normalize_l2(net.plan.pool(x, pooling)));
      const Plan plan = *net.plan.finish();
      Step step = whole_step(12, 50, 0);
      step.output_rows.clear();
      step.slices = {{0, 5, 0, {}}, {5, 1, 0, {}}, {6, 6, 0, {}}};
      step.output_size = 3 * 64;
      const auto ref = backend("ref"), cpu = backend(isa);
      Runner expected(*ref, plan, net.weights, {12, 3, 1}), actual(*cpu, plan, net.weights, {12, 3, 1});
      CHECK(largest_difference(expected.run(step), actual.run(step)) < 1e-5);
    }
}

namespace {

struct Pages {
  PageGeometry geometry;
  std::vector<std::vector<std::byte>> bytes;
  std::vector<std::byte*> addresses;
  std::vector<std::int32_t> ids;
  Pages(PageGeometry g, int count)
      : geometry(g), bytes(count, std::vector<std::byte>(g.page_bytes(), std::byte{0xFF})) {
    for (int i = 0; i < count; ++i) {
      addresses.push_back(bytes[i].data());
      ids.push_back(count - 1 - i);  // pages need not lie in order
    }
  }
  KvView view() const { return {geometry, addresses}; }
};

struct Shape2 {
  int heads, kv_heads, head_dim, window;
};

Plan attention_plan(Network& net, const Shape2& s, bool paged) {
  const int q = s.heads * s.head_dim, kv = s.kv_heads * s.head_dim;
  const TensorId x =
      net.plan.embed_rows(net.weight(DType::f32, Shape::of(50, 24), Role::table, 0, 1), IdInput::tokens);
  const auto project = [&](int out) {
    return net.plan.linear(x, net.weight(DType::f32, Shape::of(out, 24), Role::matrix));
  };
  Attention attention{s.heads, s.kv_heads, s.head_dim, 1.0f / std::sqrt(float(s.head_dim)), s.window, 0};
  const int rotary = s.head_dim / 2 * 2;
  std::vector<float> frequencies;
  for (int i = 0; i < rotary / 2; ++i) frequencies.push_back(float(std::pow(100.0, -2.0 * i / rotary)));
  const auto turned = [&](TensorId t, int heads) {
    return net.plan.rope(
        t, {heads, s.head_dim, rotary, s.window ? RopeStyle::interleaved : RopeStyle::half, frequencies, 1});
  };
  const TensorId a = turned(project(q), s.heads), b = turned(project(kv), s.kv_heads), c = project(kv);
  net.plan.output(net.plan.gather_outputs(paged ? net.plan.paged_attention(a, b, c, attention)
                                                : net.plan.ragged_attention(a, b, c, attention)));
  return *net.plan.finish();
}

const Shape2 shapes[] = {{4, 4, 16, 0}, {6, 2, 20, 0},  {3, 1, 80, 70},
                         {2, 2, 96, 0}, {4, 2, 17, 33}, {5, 1, 64, 0}};

// Types that a page of these heads may have.
std::vector<DType> page_types(const Shape2& s) {
  return s.head_dim % cpu::block_columns ? std::vector{DType::f32, DType::f16} : std::vector{DType::f32, DType::f16, DType::q8_0};
}

}  // namespace

TEST("paged attention agrees with ref for odd heads, groups and windows, in pages of every type") {
  // A key that lies between two levels may take one here and the other in `ref`.
  const auto tolerance = [](DType dtype) { return dtype == DType::f32 ? 2e-5 : dtype == DType::f16 ? 3e-3 : 2e-2; };
  for (const std::string& isa : instruction_sets())
    for (const Shape2& s : shapes)
      for (DType dtype : page_types(s)) {
        Network net(5);
        const Plan plan = attention_plan(net, s, true);
        const PageGeometry geometry{1, s.kv_heads, s.head_dim, dtype};
        Pages first(geometry, 3), second(geometry, 3);
        Step step = whole_step(150, 50, s.heads * s.head_dim);
        const auto ref = backend("ref"), cpu = backend(isa);
        step.slices[0].pages = first.ids;
        Runner expected(*ref, plan, net.weights, {150, 1, 150}),
            actual(*cpu, plan, net.weights, {150, 1, 150});
        const std::vector<float> truth = expected.run(step, first.view());
        CHECK(largest_difference(truth, actual.run(step, second.view())) < tolerance(dtype));
      }
}

TEST("chunks, company and threads do not change a bit of attention") {
  for (const std::string& isa : instruction_sets())
    for (const Shape2& s : shapes) {
      Network net(5);
      const Plan plan = attention_plan(net, s, true);
      const PageGeometry geometry{1, s.kv_heads, s.head_dim, page_types(s).back()};
      const std::size_t columns = s.heads * s.head_dim;
      const auto cpu = backend(isa);
      Runner runner(*cpu, plan, net.weights, {300, 2, 300});
      const Step all = whole_step(150, 50, columns);
      const int before = ThreadPool::instance().threads();
      std::vector<float> reference;
      for (int threads : {1, 2, 4}) {
        ThreadPool::instance().set_threads(threads);
        for (int chunk : {150, 64, 37, 1}) {
          Pages pages(geometry, 3);
          std::vector<float> whole;
          for (int at = 0; at < 150; at += chunk) {
            const int rows = std::min(chunk, 150 - at);
            Step part = whole_step(rows, 50, columns);
            part.tokens.assign(all.tokens.begin() + at, all.tokens.begin() + at + rows);
            for (int i = 0; i < rows; ++i) part.positions[i] = at + i;
            part.slices = {{0, rows, at, pages.ids}};
            const std::vector<float> got = runner.run(part, pages.view());
            whole.insert(whole.end(), got.begin(), got.end());
          }
          if (reference.empty()) reference = whole;
          CHECK(std::memcmp(reference.data(), whole.data(), whole.size() * 4) == 0);
        }
      }
      ThreadPool::instance().set_threads(before);
      // Two sequences in one step: each gets what it gets alone.
      Pages pages(geometry, 6);
      const std::vector<std::int32_t> mine(pages.ids.begin(), pages.ids.begin() + 3),
          other(pages.ids.begin() + 3, pages.ids.end());
      Step both = whole_step(300, 50, columns);
      std::copy(all.tokens.begin(), all.tokens.end(), both.tokens.begin() + 150);
      for (int i = 0; i < 150; ++i) both.positions[150 + i] = i;
      both.slices = {{0, 150, 0, mine}, {150, 150, 0, other}};
      const std::vector<float> together = runner.run(both, pages.view());
      CHECK(std::memcmp(reference.data(), together.data() + 150 * columns, reference.size() * 4) == 0);
    }
}

TEST("ragged attention agrees with ref") {
  for (const std::string& isa : instruction_sets())
    for (const Shape2& s : shapes) {
      if (s.window) continue;
      Network net(9);
      const Plan plan = attention_plan(net, s, false);
      Step step = whole_step(150, 50, s.heads * s.head_dim);
      step.slices = {{0, 1, 0, {}}, {1, 64, 0, {}}, {65, 85, 0, {}}};
      const auto ref = backend("ref"), cpu = backend(isa);
      Runner expected(*ref, plan, net.weights, {150, 3, 150}), actual(*cpu, plan, net.weights, {150, 3, 150});
      CHECK(largest_difference(expected.run(step), actual.run(step)) < 2e-5);
    }
}

TEST("a tied table gives the rows that its matrix multiplies") {
  for (const std::string& isa : instruction_sets())
    for (DType dtype : weight_types) {
      Network net(2);
      const TensorId table = net.weight(dtype, Shape::of(37, 512), Role::matrix_and_table);
      net.plan.output(net.plan.gather_outputs(net.plan.embed_rows(table, IdInput::tokens, 2)));
      const Plan plan = *net.plan.finish();
      const auto ref = backend("ref"), cpu = backend(isa);
      Runner expected(*ref, plan, net.weights, {20, 1, 20}), actual(*cpu, plan, net.weights, {20, 1, 20});
      CHECK(largest_difference(expected.run(whole_step(20, 37, 512)),
                               actual.run(whole_step(20, 37, 512))) == 0);
    }
}

TEST("ids, pages and slices from outside their range are errors") {
  Network net(5);
  const Plan plan = attention_plan(net, shapes[0], true);
  const auto cpu = backend("generic");
  Runner runner(*cpu, plan, net.weights, {8, 2, 8});
  Pages pages({1, 4, 16, DType::f32}, 1);
  std::vector<float> output(8 * 64);
  const auto run = [&](const std::function<void(Step&)>& spoil) {
    Step step = whole_step(8, 50, 64);
    step.slices[0].pages = pages.ids;
    spoil(step);
    Bindings bindings;
    bindings.tokens = step.tokens;
    bindings.positions = step.positions;
    bindings.sequences = step.slices;
    bindings.output_rows = step.output_rows;
    bindings.kv = pages.view();
    bindings.outputs = {std::span(output).first(step.output_rows.size() * 64)};
    return cpu->run(runner.program(), bindings).ok();
  };
  CHECK(run([](Step&) {}));
  CHECK(!run([](Step& s) { s.tokens[3] = 50; }));
  CHECK(!run([](Step& s) { s.tokens[3] = -1; }));
  CHECK(!run([](Step& s) { s.output_rows[0] = 8; }));
  CHECK(!run([](Step& s) { s.slices[0].pages = {}; }));
  CHECK(!run([](Step& s) { s.slices[0].position = 60; }));
  CHECK(!run([](Step& s) { s.slices[0].rows = 7; }));
  CHECK(!run([](Step& s) { s.positions.pop_back(); }));
}

TEST("packed weights take at most 1.05 times the bits of their source") {
  for (DType dtype : weight_types) {
    Network net(1);
    net.weight(dtype, Shape::of(512, 256), Role::matrix);
    const auto cpu = backend("generic");
    const WeightSource source{"w", dtype, Shape::of(512, 256),
                              [&](std::int64_t first, std::int64_t rows, std::byte* to) -> Status {
                                std::memcpy(to, net.weights[0].bytes.data() + first * row_bytes(dtype, 256),
                                            rows * row_bytes(dtype, 256));
                                return {};
                              }};
    const auto buffer = cpu->upload(source, Role::matrix);
    REQUIRE(buffer.ok());
    CHECK(double((*buffer)->bytes()) <= 1.05 * double(net.weights[0].bytes.size()));
  }
}

TEST("every byte value of a Q8_0 block counts, and activations that are no numbers do no harm") {
  for (const std::string& isa : instruction_sets()) {
    Network net(4);
    const Plan plan = linear_plan(net, DType::q8_0, 32, 16);
    // Row r of the matrix: scale 1/8, all values -128 + r.
    for (int r = 0; r < 16; ++r) {
      const std::uint16_t scale = f32_to_f16(0.125f);
      std::memcpy(net.weights[1].bytes.data() + r * 34, &scale, 2);
      std::memset(net.weights[1].bytes.data() + r * 34 + 2, -128 + r, 32);
    }
    // A token of 127 and one of -127 everywhere: both are exact in eight bits. Then one without numbers.
    auto* table = reinterpret_cast<float*>(net.weights[0].bytes.data());
    std::fill_n(table, 32, 127.0f);
    std::fill_n(table + 32, 32, -127.0f);
    std::fill_n(table + 64, 32, std::nanf(""));
    const auto ref = backend("ref"), cpu = backend(isa);
    Runner expected(*ref, plan, net.weights, {3, 1, 3}), actual(*cpu, plan, net.weights, {3, 1, 3});
    Step step = whole_step(2, 50, 16);
    step.tokens = {0, 1};
    CHECK(largest_difference(expected.run(step), actual.run(step)) < 1e-2);
    step = whole_step(3, 50, 16);
    step.tokens = {0, 2, 1};
    const std::vector<float> beside = actual.run(step);
    step = whole_step(1, 50, 16);
    step.tokens = {1};
    const std::vector<float> alone = actual.run(step);
    CHECK(std::memcmp(alone.data(), beside.data() + 32, 64) == 0);
  }
}

TEST("what is no number stays none in activations, attention and rounding, and beside it nothing changes") {
  // The same places are no numbers.
  const auto agree = [](const std::vector<float>& truth, const std::vector<float>& values) {
    bool same = truth.size() == values.size();
    for (std::size_t i = 0; same && i < truth.size(); ++i) same = std::isnan(truth[i]) == std::isnan(values[i]);
    return same && std::any_of(truth.begin(), truth.end(), [](float value) { return std::isnan(value); });
  };
  const auto poison = [](Weight& weight, std::size_t at) {
    const float nan = std::nanf("");
    std::memcpy(weight.bytes.data() + at * sizeof nan, &nan, sizeof nan);
  };
  for (const std::string& isa : instruction_sets()) {
    const auto ref = backend("ref"), cpu = backend(isa);
    for (Activation activation : {Activation::silu, Activation::gelu_erf, Activation::gelu_tanh, Activation::tanh}) {
      Network net(3);
      const TensorId x = net.plan.embed_rows(net.weight(DType::f32, Shape::of(50, 20), Role::table, 0, 1), IdInput::tokens);
      net.plan.output(net.plan.gather_outputs(net.plan.activate(x, activation)));
      const Plan plan = *net.plan.finish();
      for (int at : {3, 17}) poison(net.weights[0], at);
      Step step = whole_step(2, 50, 20);
      step.tokens = {0, 1};
      Runner expected(*ref, plan, net.weights, {2, 1, 2}), actual(*cpu, plan, net.weights, {2, 1, 2});
      CHECK(agree(expected.run(step), actual.run(step)));
    }
    for (bool paged : {false, true})
      for (int projection : {1, 2, 3}) {  // queries, keys, values
        const Shape2 s{4, 2, 17, 33};
        Network net(5);
        const Plan plan = attention_plan(net, s, paged);
        poison(net.weights[projection], 0);
        Pages first({1, s.kv_heads, s.head_dim, DType::f16}, 3), second = first;
        second.addresses.clear();
        for (auto& page : second.bytes) second.addresses.push_back(page.data());
        Step step = whole_step(150, 50, s.heads * s.head_dim);
        if (paged) step.slices[0].pages = first.ids;
        Runner expected(*ref, plan, net.weights, {150, 1, 150}), actual(*cpu, plan, net.weights, {150, 1, 150});
        const std::vector<float> truth = expected.run(step, paged ? first.view() : KvView{});
        CHECK(agree(truth, actual.run(step, paged ? second.view() : KvView{})));
      }
    for (auto [dtype, bits] : products()) {
      Network net(7, bits);
      const Plan plan = linear_plan(net, dtype, 512, 17);
      for (int at : {0, 31}) {
        poison(net.weights[0], at);
        Step step = whole_step(2, 50, 17);
        step.tokens = {0, 1};
        Runner expected(*ref, plan, net.weights, {2, 1, 2}), actual(*cpu, plan, net.weights, {2, 1, 2});
        CHECK(agree(expected.run(step), actual.run(step)));
      }
    }
  }
}

TEST("every bit of a super-block counts, as the exact sum over integers says") {
  for (const std::string& isa : instruction_sets())
    for (DType dtype : {DType::q4_k, DType::q5_k, DType::q6_k}) {
      Network net(6);
      const Plan plan = linear_plan(net, dtype, 512, 32);
      // Random levels, scales and minima; scales that keep every product and sum exact in float32.
      std::mt19937 random(9);
      std::vector<std::byte>& bytes = net.weights[1].bytes;
      for (std::byte& byte : bytes) byte = std::byte(random());
      const std::uint16_t scale = f32_to_f16(1.0f / 64), zero = 0;
      for (std::size_t at = 0; at < bytes.size(); at += info(dtype).block_bytes) {
        std::memcpy(bytes.data() + at + (dtype == DType::q6_k ? 208 : 0), &scale, 2);
        if (dtype != DType::q6_k) std::memcpy(bytes.data() + at + 2, at % 3 ? &scale : &zero, 2);
      }
      std::memset(net.weights[2].bytes.data(), 0, net.weights[2].bytes.size());
      // Tokens whose largest activation is 127 in every block of 32 pass through eight bits unchanged.
      auto* table = reinterpret_cast<float*>(net.weights[0].bytes.data());
      for (int i = 0; i < 50 * 512; ++i) table[i] = i % 32 == 0 ? (i % 64 ? 127.0f : -127.0f) : float(int(random() % 255) - 127);
      const auto ref = backend("ref"), cpu = backend(isa);
      Runner expected(*ref, plan, net.weights, {9, 1, 9}), actual(*cpu, plan, net.weights, {9, 1, 9});
      const std::vector<float> truth = expected.run(whole_step(9, 50, 32));
      double largest = 0;
      for (const float value : truth) largest = std::max(largest, double(std::fabs(value)));
      CHECK(largest_difference(truth, actual.run(whole_step(9, 50, 32))) < 1e-5 * largest);
    }
}

TEST("a program whose scratch memory is beyond the machine's is refused before it takes any") {
  Network net(6);
  const Plan plan = linear_plan(net, DType::f32, 64, 4096);
  const auto cpu = *make_backend("cpu");
  Runner small(*cpu, plan, net.weights, {8, 1, 8});
  CHECK(small.program().scratch_bytes() > 0);
  const int rows = std::numeric_limits<int>::max();
  const auto refused = cpu->compile(plan, small.buffers(), {rows, 1, rows});
  REQUIRE(!refused.ok());
  CHECK(refused.error().code == ErrorCode::out_of_memory);
  CHECK(!refused.error().expected.empty() && !refused.error().found.empty());
}

TEST("an unknown instruction set, a missing weight and pages of another shape are errors") {
  system_under_test::set_environment("TRIVIUM_ISA", "sse9");
  CHECK(!make_backend("cpu").ok());
  system_under_test::unset_environment("TRIVIUM_ISA");
  CHECK(!make_backend("gpu").ok());
  Network net(5);
  const Plan plan = attention_plan(net, shapes[0], true);
  for (const char* name : {"ref", "cpu"}) {
    const auto any = *make_backend(name);
    CHECK(!any->compile(plan, {}, {8, 1, 8}).ok());
    Runner runner(*any, plan, net.weights, {8, 1, 8});
    Pages pages({1, 4, 32, DType::f32}, 1);
    Step step = whole_step(8, 50, 64);
    std::vector<float> output(step.output_size);
    Bindings bindings;
    bindings.tokens = step.tokens;
    bindings.positions = step.positions;
    step.slices[0].pages = pages.ids;
    bindings.sequences = step.slices;
    bindings.output_rows = step.output_rows;
    bindings.kv = pages.view();
    bindings.outputs = {output};
    CHECK(!any->run(runner.program(), bindings).ok());
  }
}
