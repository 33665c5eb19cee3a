import { expect, it } from "vitest";
import { guacamoleRequestSchema, sshRequestSchema } from "../../protocol/index.ts";
import { targetOfForm, targetOfMachine } from "./connect-targets.ts";

it("takes the standard port where none is typed, and the brackets off an IPv6 address", () => {
  expect(targetOfForm("desk", "vnc", { host: " [fd00::5] ", port: "" })).toEqual({
    ...{ agent: "desk", via: "vnc", host: "fd00::5", port: 5900, title: "fd00::5", detail: "VNC through desk" },
  });
});

it("asks for a shell by SSH as the service wants it", () => {
  const target = targetOfForm("desk", "ssh", { host: "build.lan", port: "2222", user: "ci", key: " " });
  expect(target).toMatchObject({ title: "ci@build.lan:2222", request: { host: "build.lan", port: 2222, user: "ci" } });
  if (target.via !== "ssh") throw new Error("It is SSH.");
  sshRequestSchema.parse({ ...target.request, columns: 80, rows: 24 });
});

it("gives guacd its parameters by guacd's names, and only those that were filled in", () => {
  const target = targetOfForm("desk", "rdp", {
    host: "pc",
    user: "ana",
    password: "",
    domain: "",
    anyCertificate: "on",
  });
  if (target.via !== "guacamole") throw new Error("It is Guacamole.");
  expect(target.request).toEqual({
    protocol: "rdp",
    parameters: { hostname: "pc", port: "3389", username: "ana", "ignore-cert": "true" },
  });
  const browser = { width: 1, height: 1, dpi: 96, audio: [], video: [], image: [] };
  guacamoleRequestSchema.parse({ ...target.request, ...browser });
});

it("names an offered machine, whose secrets are the agent's", () => {
  const machine = {
    name: "Windows",
    via: "guacamole",
    protocol: "rdp",
    host: "10.0.0.2",
    port: 3389,
    allowed: true,
  } as const;
  const detail = "RDP · 10.0.0.2:3389";
  expect(targetOfMachine("desk", machine)).toEqual({
    agent: "desk",
    title: "Windows",
    detail,
    via: "guacamole",
    request: { machine: "Windows" },
  });
});
