"""Writes a GGUF again with every tensor in f32: the truth that quantized arithmetic is compared with.

    .oracles/bin/python apps/bench/dequantized_model.py IN OUT
"""

import os
import sys

import gguf


def main(source: str, target: str) -> None:
    reader = gguf.GGUFReader(source)
    unfinished = f"{target}.{os.getpid()}.part"
    writer = gguf.GGUFWriter(unfinished, reader.get_field("general.architecture").contents(), use_temp_file=True)
    for name, field in reader.fields.items():
        # The writer sets these itself.
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        kind = field.types[0]
        element = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kind, sub_type=element)
    for tensor in reader.tensors:
        # The reader turns bytes of a quantized tensor into rows; dequantized they have the tensor's own shape.
        writer.add_tensor(tensor.name, gguf.dequantize(tensor.data, tensor.tensor_type))
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        os.replace(unfinished, target)
    finally:
        if os.path.exists(unfinished):
            os.remove(unfinished)


if __name__ == "__main__":
    main(*sys.argv[1:])
