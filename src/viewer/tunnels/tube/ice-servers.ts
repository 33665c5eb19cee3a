/** A browser's form of a server that the hub names: "stun:host:port" or "turn:user:password@host:port". */
export function iceServerOf(text: string): RTCIceServer {
  const match = /^(turns?):([^:@]+):([^@]*)@(.+)$/.exec(text);
  if (match === null) return { urls: text };
  const [, scheme = "", username = "", credential = "", host = ""] = match;
  return {
    urls: `${scheme}:${host}`,
    username: decodeURIComponent(username),
    credential: decodeURIComponent(credential),
  };
}
