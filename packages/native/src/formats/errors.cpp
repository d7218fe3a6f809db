#include "formats/errors.h"

#include "base/utf8.h"

namespace trivium {
namespace {

Error make(ErrorCode code, Place place, std::string_view problem, std::string_view expected, std::string_view found,
           std::string_view remedy) {
  Error error;
  error.code = code;
  error.file = place.file;
  error.field = printable(place.field);
  error.message = error.file + ": " + (error.field.empty() ? "" : error.field + ": ") + std::string(problem);
  error.expected = printable(expected);
  error.found = printable(found);
  error.remedy = remedy;
  return error;
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr std::size_t most = 120;
  const bool cut = text.size() > most;
  std::string shown = repair_utf8(text.substr(0, cut ? most - incomplete_utf8_tail(text.substr(0, most)) : most));
  for (char& byte : shown) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F) byte = '?';
  }
  return cut ? shown + "…" : shown;
}

std::string interval(std::int64_t begin, std::int64_t end) {
  std::string text(1, '[');
  text += std::to_string(begin);
  text += ", ";
  text += std::to_string(end);
  return text + ")";
}

Error bad_format(Place place, std::string_view problem, std::string_view expected, std::string_view found,
                 std::string_view remedy) {
  if (remedy.empty()) remedy = "The file is damaged or incomplete: download or convert it again.";
  return make(ErrorCode::bad_format, place, problem, expected, found, remedy);
}

Error unsupported_format(Place place, std::string_view problem, std::string_view expected, std::string_view found,
                         std::string_view remedy) {
  return make(ErrorCode::unsupported, place, problem, expected, found, remedy);
}

Error unsupported_tensor(std::string_view file, std::string_view tensor, std::string_view type) {
  return make(ErrorCode::unsupported, {file, tensor},
              "tensor " + printable(tensor) + " is stored as " + std::string(type) + ", which this version does not read",
              "F32, F16, BF16, Q8_0, Q6_K, Q5_K, Q4_K or Q4_0", type,
              "Use a Q4_K_M, Q5_K_M, Q6_K, Q8_0, F16 or F32 file of the same model.");
}

}  // namespace trivium
