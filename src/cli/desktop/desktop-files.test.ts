import { describe, expect, test } from "vitest";
import { renderMenu, withMenu } from "./openbox-files.ts";
import { createXAuthority } from "./x-authority.ts";

describe("openbox", () => {
  test("gets the menu's entries as XML text", () => {
    const menu = renderMenu([{ label: 'A & "B"', command: "xterm -bg <red>" }]);
    expect(menu).toContain('label="A &#38; &#34;B&#34;"');
    expect(menu).toContain("<command>xterm -bg &#60;red&#62;</command>");
  });

  test("reads one menu only, and has one desktop", () => {
    const system = "<number>4</number><file>/var/lib/menu.xml</file><file>menu.xml</file>";
    expect(withMenu(system, "/tmp/a&b/menu.xml")).toBe("<number>1</number><file>/tmp/a&#38;b/menu.xml</file>");
  });
});

describe("X authority", () => {
  test("is one entry for every display, in the layout of Xau(3)", () => {
    const bytes = createXAuthority();
    expect(bytes.subarray(0, 8).toString("hex")).toBe("ffff000000000012");
    expect(bytes.subarray(8, 26).toString()).toBe("MIT-MAGIC-COOKIE-1");
    expect(bytes.readUInt16BE(26)).toBe(16);
    expect(bytes.byteLength).toBe(28 + 16);
  });

  test("has a cookie of its own each time", () => {
    expect(createXAuthority().equals(createXAuthority())).toBe(false);
  });
});
