import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { runOrExit } from "./run-command.js";

/** What the programs below need from Debian or Ubuntu, by purpose. */
const PACKAGES = {
  /** The library that capture and input reach any X display with. */
  x11: ["libxcb1"],
  /** The virtual desktop that stands in where there is no display. */
  desktop: [
    ...["xvfb", "openbox", "xterm", "x11-apps", "x11-utils", "x11-xserver-utils", "x11-xkb-utils", "hsetroot"],
    ...["fonts-dejavu-core", "fonts-droid-fallback", "fonts-noto-color-emoji"],
  ],
  /** What the tests and benchmarks drive Sightline with, and the peer they compare it to. */
  tests: [
    ...["chromium", "xclip", "xdotool", "openssl", "ffmpeg", "iproute2", "curl"],
    ...["tigervnc-standalone-server", "websockify", "openssh-server", "coturn"],
  ],
  /** Servers of other projects that benchmarks compare Sightline to. */
  rivals: ["motion", "gstreamer1.0-tools", "gstreamer1.0-plugins-base", "gstreamer1.0-plugins-good"],
};

/** @typedef {keyof typeof PACKAGES} Purpose */

/**
 * The packages of some purposes that a Debian system lacks.
 * @param {readonly Purpose[]} purposes
 * @param {string} installed output of `dpkg-query -W -f '${Package} ${db:Status-Status}\n'`
 */
export function missingPackages(purposes, installed) {
  const present = new Set();
  for (const line of installed.split("\n")) {
    const [name, status] = line.split(" ");
    if (status === "installed") present.add(name);
  }
  return purposes.flatMap((purpose) => PACKAGES[purpose]).filter((name) => !present.has(name));
}

/**
 * What to do about missing packages.
 * @param {readonly string[]} missing
 * @param {{ root: boolean }} user
 * @returns {{ install: true } | { install: false, advice: string } | undefined} undefined when nothing is missing
 */
export function planInstallation(missing, user) {
  if (missing.length === 0) return undefined;
  if (user.root) return { install: true };
  return { install: false, advice: `sudo apt-get install -y ${missing.join(" ")}` };
}

/**
 * Makes the system packages of some purposes present: installs them as root on Debian or Ubuntu, otherwise prints the
 * one line to run and ends this process. Other systems are left alone; `sightline doctor` says what they lack.
 * @param {readonly Purpose[]} purposes
 */
export function installSystemPackages(purposes) {
  if (!existsSync("/usr/bin/apt-get")) return;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const listed = spawnSync("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\\n"], { encoding: "utf8" });
  const missing = missingPackages(purposes, listed.stdout ?? "");
  const plan = planInstallation(missing, { root: process.getuid?.() === 0 });
  if (!plan) return;
  if (!plan.install) {
    console.error(`System packages are missing. Run this, then try again:\n  ${plan.advice}`);
    process.exit(1);
  }
  console.log(`Installing system packages: ${missing.join(" ")} …`);
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  runOrExit("apt-get", ["update", "-qq"], quiet);
  runOrExit("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], quiet);
}
