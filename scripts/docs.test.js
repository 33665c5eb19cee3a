import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { agentCommandSchema } from "../src/protocol/agent-commands.ts";
import { agentMessageSchema } from "../src/protocol/agent-messages.ts";
import { eventRequestSchema, hubEventSchema, motionEventSchema } from "../src/protocol/event-messages.ts";
import { hubMessageSchema } from "../src/protocol/hub-messages.ts";
import * as limits from "../src/protocol/limits.ts";
import { viewerMessageSchema } from "../src/protocol/viewer-messages.ts";
import { renderProtocol } from "./protocol-reference.js";
import { root } from "./run-command.js";

const read = (/** @type {string} */ path) => readFileSync(join(root, path), "utf8");

test("docs/protocol.md is what `npm run docs` writes", () => {
  const schemas = {
    agentCommandSchema: z.toJSONSchema(agentCommandSchema),
    agentMessageSchema: z.toJSONSchema(agentMessageSchema),
    eventRequestSchema: z.toJSONSchema(eventRequestSchema),
    hubEventSchema: z.toJSONSchema(hubEventSchema),
    motionEventSchema: z.toJSONSchema(motionEventSchema),
    hubMessageSchema: z.toJSONSchema(hubMessageSchema),
    viewerMessageSchema: z.toJSONSchema(viewerMessageSchema),
  };
  const template = read("docs/protocol.template.md");
  expect(read("docs/protocol.md")).toBe(renderProtocol(template, { readSource: read, schemas, limits: { ...limits } }));
});

describe("pages", () => {
  const pages = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].concat(
    readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  );

  test.each(pages)("%s links and names only what exists", (page) => {
    const text = read(page);
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, target = ""]) =>
      join(dirname(page), target),
    );
    const files = [...text.matchAll(/`((?:src|test|scripts|docs|bench)\/[\w./-]+\.\w+)`/g)].map(
      ([, file = ""]) => file,
    );
    const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
    const commands = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name);
    expect([...links, ...files].filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(commands.filter((name) => !scripts.includes(name))).toEqual([]);
  });
});
