#include "base/mapped_file.h"

namespace trivium {

Error MappedFile::changed() const {
  Error error;
  error.code = ErrorCode::io;
  error.message = path_ + " was cut short or overwritten while it was in use.";
  error.file = path_;
  error.expected = "the file as it was when it was opened";
  error.remedy = "Load the model again; a damaged cache file is written anew.";
  return error;
}

}  // namespace trivium
