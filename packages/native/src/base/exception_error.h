// What was thrown as an Error: for the edges where exceptions end, which are the threads of the engine and of Node.
#pragma once
#include "base/result.h"

namespace trivium {

// Of the exception that is being handled: out_of_memory, or internal with its own words.
Error current_exception_error();

}  // namespace trivium
