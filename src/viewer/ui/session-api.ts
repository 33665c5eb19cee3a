/** How an attempt to sign in ended. */
export type SignIn = "signed-in" | "refused" | "unreachable";

/** Exchanges a token for the session cookie. */
export async function openSession(token: string): Promise<SignIn> {
  try {
    const response = await fetch("/api/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    return response.ok ? "signed-in" : "refused";
  } catch {
    return "unreachable";
  }
}

/** Whether the cookie of an earlier visit still opens the hub. */
export async function checkSession(): Promise<SignIn> {
  try {
    const { status } = await fetch("/api/sources");
    return status === 401 || status === 403 ? "refused" : "signed-in";
  } catch {
    return "unreachable";
  }
}

/** Makes a link that can only watch, for the given sources (all without any). Rejects when the hub refuses. */
export async function createViewOnlyLink(sources: readonly string[]): Promise<string> {
  const response = await fetch("/api/links", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ grants: ["view"], sources }),
  });
  const answer = (await response.json()) as { token?: string; error?: string };
  if (answer.token === undefined) throw new Error(answer.error ?? `The hub made no link (${response.status}).`);
  return `${location.origin}/#token=${encodeURIComponent(answer.token)}`;
}
