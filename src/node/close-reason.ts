const MAX_REASON_BYTES = 123;

/** The longest start of `reason` that fits a close message (123 bytes of UTF-8, RFC 6455 5.5), cut between characters. */
export function fitCloseReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.byteLength <= MAX_REASON_BYTES) return reason;
  let end = MAX_REASON_BYTES;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end);
}
