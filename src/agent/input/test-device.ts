import { EnvironmentError } from "../../base/index.ts";
import { request, type X11Connection } from "../x11/index.ts";

const KEY_PRESS = 2;
const KEY_RELEASE = 3;
const BUTTON_PRESS = 4;
const BUTTON_RELEASE = 5;
const MOTION = 6;
const ABSOLUTE = 0;
const RELATIVE = 1;

/** The server's XTEST extension: keyboard and pointer events as if from a device. Events leave with the next flush. */
export class TestDevice {
  readonly version: string;
  readonly #connection: X11Connection;
  readonly #majorOpcode: number;

  /** Throws `EnvironmentError` where the server lacks XTEST. */
  constructor(connection: X11Connection) {
    const extension = connection.extension("XTEST");
    if (extension === undefined) {
      throw new EnvironmentError(
        `The X display "${connection.display}" has no XTEST extension, so its input cannot be driven.`,
        "Start its X server without '-extension XTEST' or '-tst'.",
      );
    }
    this.#connection = connection;
    this.#majorOpcode = extension.majorOpcode;
    const reply = connection.ask(request(extension.majorOpcode, 0).u8(2, 0).u16(2).bytes());
    this.version = `${reply.readUInt8(1)}.${reply.readUInt16LE(8)}`;
    // Otherwise a program that grabs the whole server (a window manager moving a window) would stop our input too.
    connection.send(request(extension.majorOpcode, 3).u8(1).skip(3).bytes());
  }

  key(keycode: number, down: boolean): void {
    this.#fake(down ? KEY_PRESS : KEY_RELEASE, keycode, 0, 0);
  }

  /** `button` is X's number: 1 left, 2 middle, 3 right, 4 to 7 wheel up, down, left, right, 8 back, 9 forward. */
  button(button: number, down: boolean): void {
    this.#fake(down ? BUTTON_PRESS : BUTTON_RELEASE, button, 0, 0);
  }

  /** Moves the pointer to a pixel of the root window. */
  moveTo(x: number, y: number): void {
    this.#fake(MOTION, ABSOLUTE, x, y);
  }

  /** Moves the pointer by a number of pixels, within 16 bits. */
  moveBy(x: number, y: number): void {
    this.#fake(MOTION, RELATIVE, x, y);
  }

  flush(): void {
    this.#connection.flush();
  }

  #fake(type: number, detail: number, x: number, y: number): void {
    const root = type === MOTION && detail === ABSOLUTE ? this.#connection.screen.root : 0;
    this.#connection.send(
      request(this.#majorOpcode, 2).u8(type, detail).skip(2).u32(0, root).skip(8).i16(x, y).skip(8).bytes(),
    );
  }
}
