import { sessionCookie } from "./fake-viewer.ts";
import type { LegacyKvmHub } from "./legacy-kvm-hub.ts";

/** The cookie of a browser that opened a link with these grants besides seeing. */
export async function makeLegacyLink({ url, token }: LegacyKvmHub, grants: string[]): Promise<string> {
  const response = await fetch(`${url}/api/links`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ grants }),
  });
  return sessionCookie(url, ((await response.json()) as { token: string }).token);
}
