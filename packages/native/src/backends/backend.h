// Who runs plans. Host pointers, packed layouts, row ranges and threads are a backend's own business.
// `ref` is the truth: plain loops, double accumulation where it helps, no packing. `cpu` is fast.
//
// Law of order: every element sums over k in one fixed order whatever the number of rows in the step, threads split
// rows and never k, attention merges 64-token pages in order. So a token's result does not depend on the batch it is
// in, on chunking, on threads or on reused prefixes.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/held_bytes.h"
#include "base/result.h"
#include "plan/plan.h"
#include "tensor/page_geometry.h"

namespace trivium {

// A weight to be uploaded: its bytes are pulled row by row, so the source is never held whole beside the packed form, and
// by several threads at once.
struct WeightSource {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;  // (rows, columns) or (columns)
  std::function<Status(std::int64_t first_row, std::int64_t rows, std::byte* destination)> read_rows;
};

enum class Role {
  vector,            // norms, biases: kept as f32
  matrix,            // right side of Linear
  table,             // rows gathered by EmbedRows
  matrix_and_table,  // tied embeddings: one copy serves both
};

class Buffer {  // an uploaded weight
 public:
  virtual ~Buffer() = default;
  virtual std::size_t bytes() const = 0;
  // What Backend::adopt() makes the same buffer of, as long as this one lives; empty where layout() is 0.
  virtual std::span<const std::byte> packed() const { return {}; }
};

// The largest step a program must take; its scratch buffers are sized for it.
struct BatchShape {
  int tokens = 0;
  int sequences = 0;
  int outputs = 0;
};

struct SequenceSlice {
  std::int32_t first_row = 0;             // of its rows in this step
  std::int32_t rows = 0;
  std::int32_t position = 0;              // of its first row; its keys before that are in its pages
  std::span<const std::int32_t> pages;    // page ids covering positions [0, position + rows); empty for encoders
};

struct KvView {
  PageGeometry geometry;
  std::span<std::byte* const> pages;      // address of each page id
};

struct Bindings {
  std::span<const std::int32_t> tokens;       // (tokens)
  std::span<const std::int32_t> positions;    // (tokens)
  std::span<const std::int32_t> types;        // (tokens) or empty: all zero
  std::span<const SequenceSlice> sequences;   // in row order, covering all rows
  std::span<const std::int32_t> output_rows;  // (outputs)
  KvView kv;
  std::vector<std::span<float>> outputs;      // one per Plan::outputs(): (rows, columns), written densely
  const std::atomic<bool>* cancelled = nullptr;  // looked at between nodes: a `cancelled` error, KV undefined beyond position
};

class Program {
 public:
  virtual ~Program() = default;
  virtual std::size_t scratch_bytes() const = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;  // "ref", "cpu-avx2", "cpu-avx512", "cpu-neon", "cpu-generic"
  virtual Result<std::shared_ptr<const Buffer>> upload(const WeightSource& source, Role role) = 0;
  // Goes up whenever the bytes of packed() change their meaning; 0: buffers are not worth keeping.
  virtual int layout() const { return 0; }
  // A buffer over bytes that packed() gave for a weight of this type, shape and role under the same name() and layout(). A
  // `bad_format` error when they are not as many as it takes. Programs check the file behind them after each run.
  virtual Result<std::shared_ptr<const Buffer>> adopt(DType dtype, const Shape& shape, Role role, HeldBytes packed);
  // Fuses, lays out scratch. `weights` in the order of PlanTensor::weight. Token ids and page ids are checked by run. An
  // `out_of_memory` error for a step that no machine like this one should hold.
  virtual Result<std::unique_ptr<Program>> compile(const Plan& plan, std::vector<std::shared_ptr<const Buffer>> weights,
                                                   const BatchShape& largest) = 0;
  // Blocking, on the calling thread and the pool. One run at a time per program.
  virtual Status run(Program& program, const Bindings& bindings) = 0;
};

Result<std::shared_ptr<Backend>> make_backend(std::string_view name);  // "ref", "cpu" (ISA chosen by select_isa())

}  // namespace trivium
