import type { z } from "zod";
import { DialError } from "../node/index.ts";

/** Checks what a page asks of a service. Throws {@link DialError}, whose text names the field and no value. */
export function parseRequest<T>(
  service: string,
  schema: z.ZodType<T>,
  parameters: Readonly<Record<string, unknown>>,
): T {
  const result = schema.safeParse(parameters);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") || "request";
  throw new DialError("protocol-error", `The service ${service} was asked wrongly at "${field}": ${issue?.message}.`);
}
