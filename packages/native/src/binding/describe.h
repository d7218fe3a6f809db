// lib/addon.ts: RawDescription, RawInspection.
#pragma once
#include <napi.h>

#include "models/describe.h"

namespace trivium::binding {

Napi::Object to_js(Napi::Env env, const Description& description);
Napi::Object to_js(Napi::Env env, const Inspection& inspection);

}  // namespace trivium::binding
