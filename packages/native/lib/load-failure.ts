/**
 * Why a binary could not be loaded, in words, from what Node and the system's loaders throw: glibc's, musl's, macOS's and
 * Windows' say the same things differently. Knows no paths and no remedies.
 */
export interface LoadFailure {
  where: string;
  /** `absent`: not there; `libc`: made for the other C library; `old-libc`: this system's is too old; `damaged`: no program of this machine. */
  kind: 'absent' | 'libc' | 'old-libc' | 'damaged' | 'other';
  reason: string;
  cause: unknown;
}

interface Sign {
  kind: LoadFailure['kind'];
  pattern: RegExp;
  reason: (match: RegExpExecArray) => string;
}

const signs: readonly Sign[] = [
  {
    kind: 'old-libc',
    pattern: /version [`']GLIBC_([\d.]+)' not found/,
    reason: ([, version]) => `it needs glibc ${version}, and this system's is older`,
  },
  {
    kind: 'libc',
    pattern: /libc\.musl|ld-musl/,
    reason: () => 'it was made for musl, and this system has glibc',
  },
  {
    kind: 'libc',
    pattern: /ld-linux|Error loading shared library lib(?:c|m|pthread|dl|rt)\.so\.\d|Error relocating/,
    reason: () => 'it was made for glibc, and this system has musl',
  },
  {
    kind: 'damaged',
    pattern:
      /invalid ELF header|file too short|wrong ELF class|Exec format error|not a mach-o file|slice is not valid|incompatible architecture|not a valid Win32 application|cannot open shared object file: No such file or directory.*\.node|ELF (?:load command|file's|file data)/i,
    reason: () => 'the file is damaged or made for another machine',
  },
];

/** @param error What `require` threw for the binary at `where` */
export function loadFailure(where: string, error: unknown): LoadFailure {
  const { code, message } = error as { code?: string; message: string };
  const failure = (kind: LoadFailure['kind'], reason: string) => ({ where, kind, reason, cause: error });
  if (code === 'MODULE_NOT_FOUND') return failure('absent', 'not installed');
  if (code === 'ENOENT') return failure('absent', 'no such file');
  if (code === 'TRIVIUM_SIZE') return failure('damaged', `the file is damaged (${message})`);
  const said = message.split('\n')[0] ?? '';
  for (const { kind, pattern, reason } of signs) {
    const match = pattern.exec(message);
    if (match) return failure(kind, `${reason(match)} (${said})`);
  }
  return failure('other', said);
}
