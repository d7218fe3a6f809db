"""What a built addon asks of its system, as JSON: format, machine, libraries, the newest version of each versioned
interface (GLIBC_2.17, ...), the oldest macOS, whether it exports Node-API's entry, and of Mach-O the functions that no library
is named for: the process must have them. Reads ELF, Mach-O and PE; knows no policy.

python scripts/inspect-binary.py FILE...
"""
import json
import re
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


def macho(fat):
    binary = fat.at(0)
    minimum = binary.build_version.minos if binary.has_build_version else []
    own_name = lief.MachO.LoadCommand.TYPE.ID_DYLIB
    return {
        "format": "mach-o",
        "machine": binary.header.cpu_type.name,
        "libraries": [library.name for library in binary.libraries if library.command != own_name],
        "fromProcess": sorted({binding.symbol.name for binding in binary.bindings if not binding.has_library}),
        "minimumSystem": ".".join(map(str, minimum)),
        "signed": binary.has_code_signature,
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
        return macho(lief.MachO.parse(file))
    if lief.is_pe(file):
        return pe(lief.PE.parse(file))
    return {"format": "unknown"}


print(json.dumps([inspect(file) for file in sys.argv[1:]]))
