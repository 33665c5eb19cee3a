import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { EnvironmentError } from "../base/index.ts";
import type { Config } from "../node/config/index.ts";
import { findProgram } from "./find-program.ts";
import type { StateFolder } from "./state-folder.ts";

/** PEM key and certificate of the HTTPS server. */
export type Certificate = { readonly key: string; readonly cert: string };

/** Browsers refuse certificates that are valid for longer. */
const VALID_DAYS = 397;
const RENEW_BEFORE_MS = 14 * 24 * 3600 * 1000;

/** Where the certificate of `tls: auto` is kept; what others need to trust it. */
export function certificateFile(state: StateFolder): string {
  return state.file("tls-cert.pem");
}

/** The certificate that the configuration asks for; undefined where HTTPS is off. Throws `EnvironmentError`. */
export function loadCertificate(
  config: Pick<Config, "tls" | "tlsKey" | "tlsCert" | "publicNames">,
  state: StateFolder,
): Certificate | undefined {
  if (config.tlsKey !== undefined && config.tlsCert !== undefined) {
    return { key: readPem(config.tlsKey, "tlsKey"), cert: readPem(config.tlsCert, "tlsCert") };
  }
  return config.tls === "auto" ? ownCertificate(state, config.publicNames?.split(",") ?? []) : undefined;
}

/** The self-signed certificate in the state folder, made anew when it is about to expire or lacks a name. */
function ownCertificate(state: StateFolder, publicNames: readonly string[]): Certificate {
  const names = subjectNames(publicNames);
  const keyFile = state.file("tls-key.pem");
  const certFile = certificateFile(state);
  if (!existsSync(keyFile) || !existsSync(certFile) || !isGood(readPem(certFile, "tls"), names)) {
    makeCertificate(`${keyFile}.new`, `${certFile}.new`, names);
    renameSync(`${keyFile}.new`, keyFile);
    renameSync(`${certFile}.new`, certFile);
  }
  return { key: readPem(keyFile, "tls"), cert: readPem(certFile, "tls") };
}

/** Every name and address of this machine, as subject alternative names. */
function subjectNames(publicNames: readonly string[]): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  const hosts = publicNames.map((name) => name.replace(/:\d+$/, ""));
  return [
    ...["localhost", hostname(), ...hosts].map((name) => `DNS:${name}`),
    ...["127.0.0.1", "::1", ...addresses]
      .filter((address) => !address.startsWith("fe80"))
      .map((address) => `IP:${address}`),
  ].filter((name, index, all) => all.indexOf(name) === index);
}

function isGood(pem: string, names: readonly string[]): boolean {
  const certificate = new X509Certificate(pem);
  if (Date.parse(certificate.validTo) - Date.now() < RENEW_BEFORE_MS) return false;
  return names.every((name) => {
    const [kind, value] = [name.slice(0, name.indexOf(":")), name.slice(name.indexOf(":") + 1)];
    return (kind === "IP" ? certificate.checkIP(value) : certificate.checkHost(value)) !== undefined;
  });
}

function makeCertificate(keyFile: string, certFile: string, names: readonly string[]): void {
  if (findProgram("openssl") === undefined) {
    throw new EnvironmentError(
      "A certificate of Sightline's own (tls: auto) needs openssl, which is not installed.",
      "Install it (Debian, Ubuntu: apt-get install openssl), or set tlsKey and tlsCert.",
    );
  }
  const umask = process.umask(0o077);
  try {
    execFileSync(
      "openssl",
      [
        ...[
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:prime256v1",
          "-noenc",
          "-days",
          `${VALID_DAYS}`,
        ],
        ...["-keyout", keyFile, "-out", certFile, "-subj", "/CN=Sightline"],
        ...["-addext", `subjectAltName=${names.join(",")}`, "-addext", "extendedKeyUsage=serverAuth"],
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
  } catch (cause) {
    const reason = String((cause as { stderr?: Buffer }).stderr ?? cause).trim();
    throw new EnvironmentError(`openssl could not make a certificate: ${reason}.`, "Set tlsKey and tlsCert instead.", {
      cause,
    });
  } finally {
    process.umask(umask);
  }
}

function readPem(path: string, key: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EnvironmentError(`The file ${path} cannot be read (${reason}).`, `Correct the setting ${key}.`, {
      cause,
    });
  }
}
