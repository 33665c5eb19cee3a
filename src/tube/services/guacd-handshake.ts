import type { Socket } from "node:net";
import { ProtocolError } from "../../base/index.ts";
import { encodeInstruction, GuacamoleParser } from "../../codecs/guacamole/index.ts";
import type { CloseReason } from "../../codecs/tube/index.ts";
import { DialError } from "../node/index.ts";
import { type GuacdParameters, parameterKey } from "./guacd-parameters.ts";

/** What the client can show and play, and what it wants to be called. */
export type GuacdClient = {
  readonly width: number;
  readonly height: number;
  readonly dpi: number;
  readonly audio: readonly string[];
  readonly video: readonly string[];
  readonly image: readonly string[];
  readonly timezone?: string | undefined;
  readonly name?: string | undefined;
};

export type GuacdRequest = {
  /** A protocol, or the identifier of a connection to join. */
  readonly select: string;
  /** Those that this guacd does not know are left out, those that are missing are empty. */
  readonly parameters: GuacdParameters;
  readonly client: GuacdClient;
};

export type GuacdTimings = { readonly argsMs: number; readonly readyMs: number };

/** guacd answers at once; it has not begun to reach the machine behind it. */
export const GUACD_TIMINGS: GuacdTimings = { argsMs: 10_000, readyMs: 20_000 };

export type GuacdSession = {
  /** By which others join the connection. */
  readonly id: string;
  /** What guacd sent behind `ready` in the same breath. */
  readonly rest: Uint8Array;
};

type Version = { readonly text: string; readonly number: number };

/** Protocol versions that differ in the handshake, newest first; guacd speaks the one that is named in `connect`. */
const VERSIONS: readonly Version[] = [
  { text: "VERSION_1_5_0", number: 10_500 },
  { text: "VERSION_1_3_0", number: 10_300 },
  { text: "VERSION_1_1_0", number: 10_100 },
];

/** Before 1.1.0 there was no version in `args`. */
const FIRST_VERSION: Version = { text: "VERSION_1_0_0", number: 10_000 };

/**
 * Does the handshake with guacd on a connected socket: select, args, size, audio, video, image, timezone, name, connect,
 * ready. The socket is then paused, and its bytes belong to the caller. Rejects with {@link DialError}; the socket is the caller's to close.
 */
export function guacdHandshake(
  socket: Socket,
  request: GuacdRequest,
  timings: GuacdTimings = GUACD_TIMINGS,
): Promise<GuacdSession> {
  return new Promise((resolve, reject) => {
    const handshake = new Handshake(socket, request, timings, { resolve, reject });
    handshake.begin();
  });
}

type Outcome = { resolve(session: GuacdSession): void; reject(error: Error): void };

class Handshake {
  readonly #socket: Socket;
  readonly #request: GuacdRequest;
  readonly #timings: GuacdTimings;
  readonly #outcome: Outcome;
  readonly #parser = new GuacamoleParser((opcode, args) => this.#receive(opcode, args));
  #expected: "args" | "ready" = "args";
  #id: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, request: GuacdRequest, timings: GuacdTimings, outcome: Outcome) {
    this.#socket = socket;
    this.#request = request;
    this.#timings = timings;
    this.#outcome = outcome;
  }

  begin(): void {
    this.#socket.on("data", this.#read);
    this.#socket.on("error", this.#broken);
    this.#socket.on("end", this.#closed);
    this.#socket.on("close", this.#closed);
    this.#wait(this.#timings.argsMs);
    this.#send("select", [this.#request.select]);
  }

  /** Byte by byte, so that what follows `ready` is left as it is. The handshake is short. */
  readonly #read = (chunk: Buffer): void => {
    try {
      for (let at = 0; at < chunk.length; at += 1) {
        this.#parser.pushBytes(chunk.subarray(at, at + 1));
        if (this.#id === undefined) continue;
        this.#release();
        this.#socket.pause();
        this.#outcome.resolve({ id: this.#id, rest: chunk.subarray(at + 1) });
        return;
      }
    } catch (error) {
      if (error instanceof ProtocolError) {
        this.#fail("invalid-instruction", `guacd does not speak its protocol: ${error.message}`, error);
      } else this.#fail("handler-error", error instanceof DialError ? error.message : String(error), error);
    }
  };

  readonly #broken = (error: Error): void => this.#fail("connection-lost", `guacd is lost: ${error.message}.`);

  readonly #closed = (): void =>
    this.#fail("guacd-refuse", `guacd closed the connection where it should have sent "${this.#expected}".`);

  #receive(opcode: string, args: readonly string[]): void {
    if (opcode === "error") throw guacdError(args);
    // What a guacd may say at any time.
    if (opcode === "nop" || opcode === "log") return;
    if (opcode === "disconnect") {
      throw new DialError("guacd-refuse", "guacd ended the connection during the handshake.");
    }
    if (opcode !== this.#expected) {
      const text = `guacd sent "${opcode.slice(0, 32)}" where it should have sent "${this.#expected}".`;
      throw new DialError("invalid-instruction", text);
    }
    if (opcode === "args") this.#answer([...args]);
    else if (args[0]) this.#id = args[0];
    else throw new DialError("invalid-instruction", "guacd named no connection when it was ready.");
  }

  #answer(names: readonly string[]): void {
    const version = agreeVersion(names[0]);
    const { client, parameters } = this.#request;
    this.#send("size", [String(client.width), String(client.height), String(client.dpi)]);
    this.#send("audio", client.audio);
    this.#send("video", client.video);
    this.#send("image", client.image);
    if (version.number >= 10_100 && client.timezone) this.#send("timezone", [client.timezone]);
    if (version.number >= 10_300 && client.name) this.#send("name", [client.name]);
    this.#send(
      "connect",
      names.map((name, index) =>
        index === 0 && isVersion(name) ? version.text : (parameters.get(parameterKey(name)) ?? ""),
      ),
    );
    this.#expected = "ready";
    this.#wait(this.#timings.readyMs);
  }

  #wait(timeoutMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#fail("timeout", `guacd did not send "${this.#expected}" in time.`);
    }, timeoutMs);
  }

  #send(opcode: string, args: readonly string[]): void {
    this.#socket.write(encodeInstruction(opcode, args));
  }

  #fail(reason: CloseReason, text: string, cause?: unknown): void {
    this.#release();
    this.#outcome.reject(cause instanceof DialError ? cause : new DialError(reason, text, { cause }));
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#socket.off("data", this.#read);
    this.#socket.off("error", this.#broken);
    this.#socket.off("end", this.#closed);
    this.#socket.off("close", this.#closed);
  }
}

/** The newest version that both ends speak. */
function agreeVersion(first: string | undefined): Version {
  if (first === undefined || !isVersion(first)) return FIRST_VERSION;
  const [major = 0, minor = 0, patch = 0] = first.split("_").slice(1).map(Number);
  const theirs = major * 10_000 + minor * 100 + patch;
  return VERSIONS.find(({ number }) => number <= theirs) ?? FIRST_VERSION;
}

function isVersion(name: string): boolean {
  return /^VERSION_\d+_\d+_\d+$/.test(name);
}

/** Close reason and sentence by guacd's status codes (Guacamole protocol reference, "Status codes"). */
const STATUSES: Readonly<Record<number, readonly [CloseReason, string]>> = {
  256: ["guacd-refuse", "this guacd does not support it"],
  513: ["server-refuse", "it is too busy"],
  514: ["timeout", "the machine does not answer"],
  515: ["upstream-closed", "the machine reported an error"],
  516: ["connection-failed", "there is no such connection"],
  517: ["server-refuse", "the connection is in use already"],
  519: ["connection-failed", "the machine cannot be reached"],
  520: ["connection-failed", "the machine cannot be reached"],
  768: ["configuration-error", "the request was wrong"],
  769: ["server-refuse", "the credentials were not accepted"],
  771: ["server-refuse", "it is not allowed"],
  776: ["timeout", "this client was too slow"],
};

/** The failure behind an `error` instruction: its text and status. */
function guacdError([text = "", status = ""]: readonly string[]): DialError {
  const [reason, meaning] = STATUSES[Number(status)] ?? ["guacd-error", "something went wrong"];
  const said = text === "" ? "" : ` ("${text.slice(0, 200)}")`;
  return new DialError(reason, `guacd refused: ${meaning}${said}.`);
}
