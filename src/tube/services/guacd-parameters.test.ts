import { expect, test } from "vitest";
import { guacdParameters, repeatedParameter, withRdpUser } from "./guacd-parameters.ts";

test.each([
  ["text", "nla", "nla"],
  ["empty text", "", ""],
  ["a number", 24, "24"],
  ["true", true, "true"],
  ["false", false, "false"],
  ["null", null, undefined],
  ["a list of texts", ["image/png", "image/webp"], "image/png,image/webp"],
  ["a list of plain values", ["a", 1, true], "a,1,true"],
  ["an empty list", [], ""],
  ["a list of lists", [["a"], "b"], '[["a"],"b"]'],
  ["an object", { a: [1, null] }, '{"a":[1,null]}'],
])("%s becomes what guacd takes", (_what, value, text) => {
  expect(guacdParameters({ given: value }).get("given")).toBe(text);
});

test.each(["ignore-cert", "ignore_cert", "ignoreCert", "IGNORE-CERT", "ignorecert"])("%s is ignore-cert", (name) => {
  expect([...guacdParameters({ [name]: true })]).toEqual([["ignorecert", "true"]]);
});

test.each([
  ["the same parameter in two writings", ["color-depth", "port", "colorDepth"], "colorDepth"],
  ["different ones", ["color-depth", "port"], undefined],
])("%s", (_what, names, repeated) => {
  expect(repeatedParameter(names)).toBe(repeated);
});

test.each([
  ["no user", {}, {}],
  ["a plain user", { username: "ana" }, { username: "ana" }],
  ["a user with a domain", { username: "CORP\\ana" }, { username: "ana", domain: "CORP" }],
  ["a domain given twice", { username: "CORP\\ana", domain: "other" }, { username: "ana", domain: "CORP" }],
  ["a user of the machine itself", { username: ".\\ana" }, { username: "ana", domain: "." }],
  ["a user name with a backslash", { username: "CORP\\a\\b" }, { username: "a\\b", domain: "CORP" }],
  ["no domain before the backslash", { username: "\\ana" }, { username: "\\ana" }],
  ["no user behind it", { username: "CORP\\" }, { username: "CORP\\" }],
  ["a principal name", { username: "ana@corp.example" }, { username: "ana@corp.example" }],
  ["Entra ID", { username: "AzureAD\\ana" }, { username: "AzureAD\\ana", security: "aad" }],
  ["Entra ID in small letters", { username: "azuread\\ana" }, { username: "azuread\\ana", security: "aad" }],
  ["Entra ID with a dot", { username: ".\\AzureAD\\ana" }, { username: ".\\AzureAD\\ana", security: "aad" }],
  ["empty security", { username: "AzureAD\\ana", security: "" }, { username: "AzureAD\\ana", security: "aad" }],
  ["security that is set", { username: "AzureAD\\a", security: "tls" }, { username: "AzureAD\\a", security: "tls" }],
  ["a domain that begins alike", { username: "AzureADX\\ana" }, { username: "ana", domain: "AzureADX" }],
])("RDP's user: %s", (_what, given, expected) => {
  expect(Object.fromEntries(withRdpUser(guacdParameters(given)))).toEqual(expected);
});
