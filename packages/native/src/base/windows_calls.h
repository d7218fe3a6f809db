// What the files of Windows share in calling the system: paths are UTF-8 above, errors are errno. Included by *_windows.cpp alone.
#pragma once
#define NOMINMAX
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <string>

namespace trivium {

std::wstring wide(const std::string& path);
int errno_of_last_error();

}  // namespace trivium
