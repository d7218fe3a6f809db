#include "formats/writing.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/utf8.h"
#include "formats/errors.h"
#include "formats/tensor_table.h"

namespace trivium {

Status check_tensors(const std::string& path, const std::vector<TensorToWrite>& tensors) {
  std::unordered_set<std::string_view> names;
  for (const TensorToWrite& tensor : tensors) {
    const auto refuse = [&](std::string_view problem, std::string_view expected, const std::string& found) {
      Error error = bad_format({path, tensor.name}, problem, expected, found, "Nothing was written; correct the tensor.");
      error.code = ErrorCode::invalid_argument;
      return error;
    };
    if (tensor.name.empty() || tensor.name.size() > 1024 || !is_utf8(tensor.name)) {
      return refuse("not a tensor name", "UTF-8 text of 1 to 1024 bytes", std::to_string(tensor.name.size()) + " bytes");
    }
    if (!names.insert(tensor.name).second) return refuse("two tensors have this name", "each name once", "it twice");
    const auto bytes = checked_bytes(tensor.view.dtype, tensor.view.shape);
    if (!bytes || tensor.view.shape.rank < 0 || tensor.view.shape.rank > 4) {
      return refuse("a shape that cannot be", "dimensions >= 1, rows of whole blocks", to_string(tensor.view.shape));
    }
    if (*bytes != tensor.view.bytes || tensor.view.data == nullptr) {
      return refuse("shape and bytes do not agree", std::to_string(*bytes) + " bytes", std::to_string(tensor.view.bytes));
    }
  }
  return {};
}

Status write_zeros(AtomicFile& file, std::uint64_t count) {
  static constexpr std::array<char, 4096> zeros{};
  for (; count > 0; count -= std::min<std::uint64_t>(count, zeros.size())) {
    TRIVIUM_TRY(file.write(zeros.data(), static_cast<std::size_t>(std::min<std::uint64_t>(count, zeros.size()))));
  }
  return {};
}

}  // namespace trivium
