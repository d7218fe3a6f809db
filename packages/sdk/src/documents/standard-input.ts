/** Standard input as bytes: read when first asked for, kept for later readings. */
export function readStandardInput(stream?: AsyncIterable<Uint8Array>): () => Promise<Uint8Array> {
  let bytes: Promise<Uint8Array> | undefined;
  return () => {
    bytes ??= collect(stream ?? process.stdin);
    return bytes;
  };
}

async function collect(stream: AsyncIterable<Uint8Array | string>): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part as Uint8Array));
  return Buffer.concat(parts);
}
