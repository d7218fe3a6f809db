#include "binding/task.h"

namespace trivium::binding {

Napi::Object to_js_details(Napi::Env env, const Error& error) {
  Napi::Object details = Napi::Object::New(env);
  details["code"] = Napi::String::New(env, to_string(error.code));
  details["message"] = Napi::String::New(env, error.message);
  const std::pair<const char*, const std::string*> fields[] = {
      {"file", &error.file}, {"field", &error.field}, {"expected", &error.expected}, {"found", &error.found}, {"remedy", &error.remedy}};
  for (const auto& [name, value] : fields)
    if (!value->empty()) details[name] = Napi::String::New(env, *value);
  return details;
}

Napi::Error to_js_error(Napi::Env env, const Error& error) {
  Napi::Error js = Napi::Error::New(env, error.message);
  js.Set("trivium", to_js_details(env, error));
  return js;
}

}  // namespace trivium::binding
