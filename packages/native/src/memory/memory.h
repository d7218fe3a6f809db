// The memory of one sequence: which pages hold its keys and values, and which of them a step reads. Pages come from a
// PagePool shared by the sequences of a model. Knows pages and token ids (for the prefix tree), not architectures.
// can_x asks, x does. Used by the engine thread only.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "tensor/page_geometry.h"

namespace trivium {

using PageId = std::int32_t;

class Memory {
 public:
  virtual ~Memory() = default;
  virtual int tokens() const = 0;                        // positions stored
  virtual bool can_reserve(int tokens) const = 0;        // room for so many more, evicting unused prefixes if need be
  virtual Status reserve(int tokens) = 0;                // makes the pages exist and be owned (copy on write)
  virtual void advance(int tokens) = 0;                  // the step that was reserved has been written
  virtual std::span<const PageId> pages() const = 0;     // covering [0, tokens() + reserved)
  virtual void truncate(int tokens) = 0;                 // rejected speculation, a cancelled step
  // Prefix sharing, in whole pages. `token_ids` are those of the sequence from its first position on.
  // adopt: takes pages others have published for the same tokens, continuing at tokens(); answers how many positions
  // that brought (0 unless tokens() is at a page border and nothing is reserved).
  virtual int adopt(std::span<const std::int32_t> token_ids) = 0;
  virtual void publish(std::span<const std::int32_t> token_ids) = 0;  // offers its full pages to others
};

}  // namespace trivium
