#include "backends/check_bindings.h"

#include <string>

namespace trivium {
namespace {

Error wrong(std::string field, std::string message) {
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.field = std::move(field);
  error.message = std::move(message);
  return error;
}

std::span<const std::int32_t> ids_of(IdInput input, const Bindings& bindings) {
  switch (input) {
    case IdInput::tokens:
      return bindings.tokens;
    case IdInput::positions:
      return bindings.positions;
    case IdInput::types:
      return bindings.types;
  }
  return {};
}

Status check_ids(const Plan& plan, const Bindings& bindings) {
  for (const Node& node : plan.nodes()) {
    const auto* embed = std::get_if<EmbedRows>(&node.op);
    if (!embed) continue;
    const PlanTensor& table = plan.tensors()[node.inputs[0]];
    for (std::int32_t id : ids_of(embed->ids, bindings))
      if (id < 0 || id >= table.row_count)
        return wrong(table.name,
                     "Id " + std::to_string(id) + " is not in [0, " + std::to_string(table.row_count) + ").");
  }
  return {};
}

Status check_geometry(const Plan& plan, const PageGeometry& geometry) {
  for (const Node& node : plan.nodes()) {
    const auto* attention = std::get_if<PagedAttention>(&node.op);
    if (!attention) continue;
    if (geometry.layers < plan.kv_layers() || geometry.kv_heads != attention->kv_heads ||
        geometry.head_dim != attention->head_dim)
      return wrong("kv", "The pages have another shape than the plan's attention.");
    if (geometry.dtype != DType::f32 && geometry.dtype != DType::f16 && geometry.dtype != DType::q8_0)
      return wrong("kv", "Pages are f32, f16 or q8_0.");
    if (geometry.head_dim % std::int64_t(info(geometry.dtype).block_elements) != 0)
      return wrong("kv", "A head of the pages is no whole number of blocks.");
  }
  return {};
}

Status check_pages(const Plan& plan, const Bindings& bindings, const SequenceSlice& slice) {
  if (plan.kv_layers() == 0) return {};
  const std::int64_t end = std::int64_t(slice.position) + slice.rows;
  if (std::int64_t(slice.pages.size()) * page_tokens < end)
    return wrong("pages", "A sequence of " + std::to_string(end) + " positions has " +
                              std::to_string(slice.pages.size()) + " pages.");
  for (std::int32_t page : slice.pages)
    if (page < 0 || std::size_t(page) >= bindings.kv.pages.size() || bindings.kv.pages[page] == nullptr)
      return wrong("pages", "There is no page " + std::to_string(page) + ".");
  return {};
}

}  // namespace

std::int64_t rows_in_step(const PlanTensor& tensor, const Bindings& bindings) {
  switch (tensor.rows) {
    case Rows::fixed:
      return tensor.row_count;
    case Rows::tokens:
      return static_cast<std::int64_t>(bindings.tokens.size());
    case Rows::sequences:
      return static_cast<std::int64_t>(bindings.sequences.size());
    case Rows::outputs:
      return static_cast<std::int64_t>(bindings.output_rows.size());
  }
  return 0;
}

Status check_weights(const Plan& plan, const std::vector<std::shared_ptr<const Buffer>>& weights) {
  for (const PlanTensor& tensor : plan.tensors())
    if (tensor.weight >= 0 && (std::size_t(tensor.weight) >= weights.size() || !weights[tensor.weight]))
      return wrong(tensor.name, "The plan needs a weight that was not uploaded.");
  return {};
}

Status check_bindings(const Plan& plan, const BatchShape& largest, const Bindings& bindings) {
  const std::size_t tokens = bindings.tokens.size();
  if (tokens == 0 || tokens > std::size_t(largest.tokens))
    return wrong("tokens", "A step takes 1 to " + std::to_string(largest.tokens) + " tokens.");
  if (bindings.sequences.size() > std::size_t(largest.sequences))
    return wrong("sequences", "Too many sequences in a step.");
  if (bindings.output_rows.size() > std::size_t(largest.outputs))
    return wrong("outputs", "Too many outputs in a step.");
  if (bindings.positions.size() != tokens) return wrong("positions", "Every token needs a position.");
  if (!bindings.types.empty() && bindings.types.size() != tokens)
    return wrong("types", "Every token needs a type.");
  TRIVIUM_TRY(check_geometry(plan, bindings.kv.geometry));
  std::int64_t next = 0;
  for (const SequenceSlice& slice : bindings.sequences) {
    if (slice.first_row != next || slice.rows <= 0 || slice.position < 0)
      return wrong("sequences", "Slices must cover the rows in order.");
    next += slice.rows;
    TRIVIUM_TRY(check_pages(plan, bindings, slice));
  }
  if (next != std::int64_t(tokens)) return wrong("sequences", "Slices must cover the rows in order.");
  for (std::int32_t row : bindings.output_rows)
    if (row < 0 || std::size_t(row) >= tokens) return wrong("outputs", "An output row is outside the step.");
  TRIVIUM_TRY(check_ids(plan, bindings));
  if (bindings.outputs.size() != plan.outputs().size())
    return wrong("outputs", "Every output of the plan needs a destination.");
  for (std::size_t i = 0; i < plan.outputs().size(); ++i) {
    const PlanTensor& tensor = plan.tensors()[plan.outputs()[i]];
    if (bindings.outputs[i].size() != std::size_t(rows_in_step(tensor, bindings) * tensor.columns))
      return wrong("outputs", "A destination has the wrong size.");
  }
  return {};
}

}  // namespace trivium
