import { type MotionEvent, motionEventSchema } from "../../../protocol/index.ts";

/** The newest movements of all sources, or of one. Rejects with a text for people. */
export async function listMotionEvents(source: string | undefined, limit: number): Promise<readonly MotionEvent[]> {
  const query = new URLSearchParams({ limit: String(limit), ...(source === undefined ? {} : { source }) });
  const response = await fetch(`/api/events?${query}`);
  const answer = (await response.json()) as { events?: unknown[]; error?: string };
  if (answer.events === undefined) throw new Error(answer.error ?? `The hub refused (${response.status}).`);
  return answer.events.flatMap((event) => motionEventSchema.safeParse(event).data ?? []);
}

/** Forgets a movement with its picture. Rejects with a text for people. */
export async function deleteMotionEvent(id: number): Promise<void> {
  const response = await fetch(`/api/events/${id}`, { method: "DELETE" });
  if (!response.ok) throw new Error(`The hub refused (${response.status}).`);
}

/** Where the picture of a movement is. */
export function snapshotUrl(id: number): string {
  return `/api/events/${id}/snapshot.jpg`;
}
