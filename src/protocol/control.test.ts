import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  agentCommands,
  agentMessages,
  eventRequests,
  hubEvents,
  hubMessages,
  viewerMessages,
} from "../../test/fixtures/control-messages.ts";
import { ProtocolError } from "../base/index.ts";
import { agentCommandSchema } from "./agent-commands.ts";
import { agentMessageSchema } from "./agent-messages.ts";
import { eventRequestSchema, hubEventSchema } from "./event-messages.ts";
import { hubMessageSchema } from "./hub-messages.ts";
import {
  MAX_CONTROL_BYTES,
  MAX_TEXT_LENGTH,
  parseAgentCommand,
  parseAgentMessage,
  parseEventRequest,
  parseHubEvent,
  parseHubMessage,
  parseViewerMessage,
} from "./index.ts";
import { viewerMessageSchema } from "./viewer-messages.ts";

const directions = [
  { name: "viewer messages", examples: viewerMessages, parse: parseViewerMessage, schema: viewerMessageSchema },
  { name: "hub messages", examples: hubMessages, parse: parseHubMessage, schema: hubMessageSchema },
  { name: "agent messages", examples: agentMessages, parse: parseAgentMessage, schema: agentMessageSchema },
  { name: "agent commands", examples: agentCommands, parse: parseAgentCommand, schema: agentCommandSchema },
  { name: "hub events", examples: hubEvents, parse: parseHubEvent, schema: hubEventSchema },
  { name: "event requests", examples: eventRequests, parse: parseEventRequest, schema: eventRequestSchema },
] as const;

describe.each(directions)("$name", ({ examples, parse, schema }) => {
  test("have an example of every type", () => {
    const types = schema.options.map(({ shape }) => shape.type.value);
    expect(examples.map(({ type }) => type)).toEqual(types);
  });

  test.each(examples.map((example) => ({ example, type: example.type })))(
    "$type comes through as it was",
    ({ example }) => {
      expect(parse(JSON.stringify(example))).toEqual(example);
    },
  );

  test("are refused when cut off anywhere", () => {
    for (const example of examples) {
      const text = JSON.stringify(example);
      for (let length = 0; length < text.length; length += 1) {
        expect(() => parse(text.slice(0, length))).toThrow(ProtocolError);
      }
    }
  });

  test("are refused with a field more, or one less", () => {
    for (const example of examples) {
      expect(() => parse(JSON.stringify({ ...example, surplus: 1 })), example.type).toThrow(ProtocolError);
      for (const field of requiredFields(schema, example.type)) {
        const { [field]: _, ...rest } = example as Record<string, unknown>;
        expect(() => parse(JSON.stringify(rest)), `${example.type} without ${field}`).toThrow(ProtocolError);
      }
    }
  });

  test("that are any other JSON are refused with a ProtocolError and nothing else", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(() => parse(text)).toThrow(ProtocolError);
      }),
    );
  });

  test("over the size limit are refused unread", () => {
    const text = " ".repeat(MAX_CONTROL_BYTES + 1);
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "too-large" }));
  });
});

test("the longest text fits a control message even when every character is escaped", () => {
  const text = "\u0001".repeat(MAX_TEXT_LENGTH);
  expect(parseViewerMessage(JSON.stringify({ type: "clipboard", source: 1, text }))).toMatchObject({ text });
  const longer = JSON.stringify({ type: "clipboard", source: 1, text: `${text}x` });
  expect(() => parseViewerMessage(longer)).toThrow(/wrong at "text"/);
});

function requiredFields(schema: z.ZodType, type: string): string[] {
  const { oneOf, anyOf } = z.toJSONSchema(schema);
  const variant = (oneOf ?? anyOf)?.find((option) => constOf(option.properties?.type) === type);
  return (variant?.required ?? []).filter((field) => field !== "type");
}

function constOf(schema: unknown): unknown {
  return (schema as { const?: unknown } | undefined)?.const;
}
