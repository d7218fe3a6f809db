"""What a built addon asks of its system, as JSON: format, machine, libraries, the newest version of each versioned
interface (GLIBC_2.17, ...), the oldest macOS, whether it exports Node-API's entry, and of Mach-O the symbols that it neither
holds nor names a library for: the process must have them. Reads ELF, Mach-O and PE; knows no policy.

python scripts/inspect-binary.py FILE...
"""
import hashlib
import json
import re
import struct
import sys

import lief

ENTRY = "napi_register_module_v1"


def newest(versions):
    return max(versions, key=lambda text: [int(part) for part in re.findall(r"\d+", text)], default=None)


def elf(binary):
    versions = {}
    for library in binary.symbols_version_requirement:
        for auxiliary in library.get_auxiliary_symbols():
            family, _, number = auxiliary.name.rpartition("_")
            if re.fullmatch(r"[\d.]+", number):
                versions.setdefault(family, []).append(number)
    return {
        "format": "elf",
        "machine": binary.header.machine_type.name,
        "libraries": list(binary.libraries),
        "versions": {family: newest(numbers) for family, numbers in versions.items()},
        "exportsEntry": any(symbol.name == ENTRY for symbol in binary.exported_symbols),
    }


def signature_holds(file, signature):
    """Whether every page has the hash that the first CodeDirectory (SHA-256, big-endian) says: arm64 ends the process else."""
    code = open(file, "rb").read()
    at = signature.data_offset
    at += struct.unpack_from(">I", code, at + 16)[0]
    hashes, _, _, pages, end, size, _, _, page_bits = struct.unpack_from(">IIIIIBBBB", code, at + 16)
    said = [code[at + hashes + page * size :][:size] for page in range(pages)]
    found = [code[start : min(start + (1 << page_bits), end)] for start in range(0, end, 1 << page_bits)]
    return end == signature.data_offset and said == [hashlib.sha256(page).digest() for page in found]


def macho(file, fat):
    binary = fat.at(0)
    minimum = binary.build_version.minos if binary.has_build_version else []
    own_name = lief.MachO.LoadCommand.TYPE.ID_DYLIB
    absent = lief.MachO.Symbol.TYPE.UNDEFINED
    free = {it.symbol.name for it in binary.bindings if not it.has_library and it.symbol.type == absent}
    return {
        "format": "mach-o",
        "machine": binary.header.cpu_type.name,
        "libraries": [library.name for library in binary.libraries if library.command != own_name],
        "fromProcess": sorted(free),
        "minimumSystem": ".".join(map(str, minimum)),
        "signed": binary.has_code_signature and signature_holds(file, binary.code_signature),
        "exportsEntry": any(symbol.name == f"_{ENTRY}" for symbol in binary.exported_symbols),
    }


def pe(binary):
    return {
        "format": "pe",
        "machine": binary.header.machine.name,
        "libraries": [library.name for library in binary.imports],
        "exportsEntry": any(function.name == ENTRY for function in binary.exported_functions),
    }


def inspect(file):
    if lief.is_elf(file):
        return elf(lief.ELF.parse(file))
    if lief.is_macho(file):
        return macho(file, lief.MachO.parse(file))
    if lief.is_pe(file):
        return pe(lief.PE.parse(file))
    return {"format": "unknown"}


print(json.dumps([inspect(file) for file in sys.argv[1:]]))
