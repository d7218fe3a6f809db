// What both writers check and share.
#pragma once
#include <string>
#include <vector>

#include "base/file.h"
#include "formats/writers.h"

namespace trivium {

// Names present, valid and unique; bytes that fit dtype and shape.
Status check_tensors(const std::string& path, const std::vector<TensorToWrite>& tensors);
Status write_zeros(AtomicFile& file, std::uint64_t count);

}  // namespace trivium
