#include "binding/describe.h"

#include <type_traits>

namespace trivium::binding {
namespace {

void set_metadata(Napi::Env env, Napi::Object object, const std::string& key, const MetadataValue& value) {
  std::visit(
      [&](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, bool>) {
          object[key] = Napi::Boolean::New(env, held);
        } else if constexpr (std::is_arithmetic_v<T>) {
          object[key] = Napi::Number::New(env, static_cast<double>(held));
        } else if constexpr (std::is_same_v<T, std::string>) {
          object[key] = Napi::String::New(env, held);
        }
      },
      value);
}

void set_description(Napi::Env env, Napi::Object object, const Description& description) {
  const std::pair<const char*, const std::string*> strings[] = {{"path", &description.path},
                                                                {"container", &description.container},
                                                                {"kind", &description.kind},
                                                                {"architecture", &description.architecture},
                                                                {"name", &description.name}};
  for (const auto& [key, value] : strings) object[key] = Napi::String::New(env, *value);
  object["vocabularySize"] = Napi::Number::New(env, description.vocabulary);
  object["width"] = Napi::Number::New(env, description.width);
  object["layers"] = Napi::Number::New(env, description.layers);
  object["poolsPrompts"] = Napi::Boolean::New(env, description.pools_prompts);
  Napi::Object metadata = Napi::Object::New(env), texts = Napi::Object::New(env);
  for (const auto& [key, value] : description.metadata) set_metadata(env, metadata, key, value);
  for (const auto& [name, text] : description.texts) texts[name] = Napi::String::New(env, text);
  object["metadata"] = metadata;
  object["texts"] = texts;
}

}  // namespace

Napi::Object to_js(Napi::Env env, const Description& description) {
  Napi::Object object = Napi::Object::New(env);
  set_description(env, object, description);
  return object;
}

Napi::Object to_js(Napi::Env env, const Inspection& inspection) {
  Napi::Object object = Napi::Object::New(env);
  set_description(env, object, inspection.description);
  object["supported"] = Napi::Boolean::New(env, !inspection.refusal);
  if (inspection.refusal) object["reason"] = Napi::String::New(env, inspection.refusal->message);
  object["parameters"] = Napi::Number::New(env, inspection.parameters);
  object["fileBytes"] = Napi::Number::New(env, inspection.file_bytes);
  if (!inspection.refusal) {
    object["contextTokens"] = Napi::Number::New(env, inspection.context);
    object["weightBytes"] = Napi::Number::New(env, inspection.weight_bytes);
    object["kvBytesPerToken"] = Napi::Number::New(env, inspection.kv_bytes_per_token);
    object["kvType"] = Napi::String::New(env, inspection.kv_dtype == DType::f32 ? "f32" : "f16");
  }
  Napi::Array tensors = Napi::Array::New(env, inspection.tensors.size());
  for (std::size_t i = 0; i < inspection.tensors.size(); ++i) {
    const TensorEntry& entry = inspection.tensors[i];
    Napi::Object tensor = Napi::Object::New(env);
    Napi::Array shape = Napi::Array::New(env, entry.shape.rank);
    for (int d = 0; d < entry.shape.rank; ++d) shape.Set(static_cast<std::uint32_t>(d), Napi::Number::New(env, static_cast<double>(entry.shape.dims[d])));
    tensor["name"] = Napi::String::New(env, entry.name);
    tensor["dtype"] = Napi::String::New(env, std::string(info(entry.dtype).name));
    tensor["shape"] = shape;
    tensor["bytes"] = Napi::Number::New(env, static_cast<double>(entry.bytes));
    tensors.Set(static_cast<std::uint32_t>(i), tensor);
  }
  object["tensors"] = tensors;
  return object;
}

}  // namespace trivium::binding
