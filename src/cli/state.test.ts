import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadCertificate } from "./certificate.ts";
import { defaultStateFolder, StateFolder } from "./state-folder.ts";

let folder: string;
let state: StateFolder;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sightline-state-test-"));
  state = new StateFolder(join(folder, "a", "b"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const config = { tls: "off", tlsKey: undefined, tlsCert: undefined, publicNames: undefined } as const;

describe("tokens", () => {
  test("are made once, differ by name, and only the owner reads them", () => {
    const token = state.token("token");
    expect(token).toMatch(/^[\w-]{32}$/);
    expect(new StateFolder(state.path).token("token")).toBe(token);
    expect(state.token("agent-token")).not.toBe(token);
    expect(statSync(state.file("token")).mode & 0o777).toBe(0o600);
    expect(statSync(state.path).mode & 0o777).toBe(0o700);
  });

  test("that somebody emptied are not used", () => {
    writeFileSync(state.file("token"), "\n");
    expect(() => state.token("token")).toThrow(/holds no token/);
  });

  test("cannot be kept where there can be no folder", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => new StateFolder(join(folder, "file", "below"))).toThrow(/cannot be made/);
  });
});

describe("the default folder", () => {
  test("follows XDG_STATE_HOME", () => {
    expect(defaultStateFolder({ XDG_STATE_HOME: "/x" })).toBe("/x/sightline");
    expect(defaultStateFolder({})).toMatch(/\/\.local\/state\/sightline$/);
  });
});

describe("certificates", () => {
  test("are none unless asked for", () => {
    expect(loadCertificate(config, state)).toBeUndefined();
  });

  test("of Sightline's own can be served, name this machine, and stay the same", () => {
    const auto = { ...config, tls: "auto", publicNames: "desk.example:8460" } as const;
    const certificate = loadCertificate(auto, state);
    if (certificate === undefined) throw new Error("There is no certificate.");
    expect(() => createSecureContext(certificate)).not.toThrow();
    const parsed = new X509Certificate(certificate.cert);
    for (const name of ["localhost", "desk.example"]) expect(parsed.checkHost(name)).toBe(name);
    expect(parsed.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(loadCertificate(auto, state)).toEqual(certificate);
    expect(statSync(state.file("tls-key.pem")).mode & 0o077).toBe(0);
  });

  test("of Sightline's own are made anew for a new name", () => {
    const first = loadCertificate({ ...config, tls: "auto" }, state);
    const second = loadCertificate({ ...config, tls: "auto", publicNames: "new.example" }, state);
    expect(new X509Certificate(first?.cert ?? "").checkHost("new.example")).toBeUndefined();
    expect(new X509Certificate(second?.cert ?? "").checkHost("new.example")).toBe("new.example");
  });
});
