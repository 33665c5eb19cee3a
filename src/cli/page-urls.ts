import { networkInterfaces } from "node:os";

/**
 * The addresses to open the page at: the hub's own, or this machine's addresses on its networks where the hub listens on
 * all of them.
 */
export function pageUrls(hubUrl: string, host: string): string[] {
  const own = new URL(hubUrl);
  const isWildcard = host === "0.0.0.0" || host === "::";
  if (!isWildcard || !/^(127\.|\[::1\]|localhost)/.test(own.hostname)) return [own.origin];
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map(({ address }) => `${own.protocol}//${address}:${own.port}`);
  return addresses.length > 0 ? addresses : [own.origin];
}
