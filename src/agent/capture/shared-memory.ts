import koffi from "koffi";
import type { Closable } from "../../base/index.ts";
import { EnvironmentError } from "../../base/index.ts";

const MFD_CLOEXEC = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MADV_REMOVE = 9;

type LibC = {
  memfdCreate(name: string, flags: number): number;
  ftruncate(descriptor: number, bytes: number): number;
  mmap(at: null, bytes: number, protection: number, flags: number, descriptor: number, offset: number): bigint;
  munmap(at: bigint, bytes: number): number;
  madvise(at: bigint, bytes: number, advice: number): number;
  close(descriptor: number): number;
};

let libc: LibC | undefined;

/** Unmaps a block once no JavaScript value can reach its bytes any more. */
const unreachable = new FinalizationRegistry<{ at: bigint; bytes: number }>(({ at, bytes }) => {
  loadLibC().munmap(at, bytes);
});

/**
 * Anonymous memory that another process can map through a file descriptor. It has no name in the system, so nothing is
 * left over when the process dies.
 */
export class SharedMemory implements Closable {
  readonly bytes: Uint8Array;
  readonly #at: bigint;
  readonly #descriptor: number;
  #descriptorOwned = true;
  #closed = false;

  /** Throws `EnvironmentError` when the system has no memory to give. */
  constructor(byteLength: number) {
    const c = loadLibC();
    this.#descriptor = c.memfdCreate("sightline", MFD_CLOEXEC);
    if (this.#descriptor < 0) throw outOfMemory(byteLength);
    const sized = c.ftruncate(this.#descriptor, byteLength) === 0;
    const at = sized ? c.mmap(null, byteLength, PROT_READ_WRITE, MAP_SHARED, this.#descriptor, 0) : -1n;
    if (BigInt.asIntN(64, at) === -1n) {
      c.close(this.#descriptor);
      throw outOfMemory(byteLength);
    }
    this.#at = at;
    const memory = koffi.view(at, byteLength);
    unreachable.register(memory, { at, bytes: byteLength });
    this.bytes = new Uint8Array(memory);
  }

  /** Hands the descriptor over to the caller, who must close it. It can be taken once. */
  takeDescriptor(): number {
    if (!this.#descriptorOwned) throw new TypeError("The descriptor of this memory was taken already.");
    this.#descriptorOwned = false;
    return this.#descriptor;
  }

  /**
   * Gives the memory back to the system. Values that still view it read zeros from then on, and the addresses stay
   * reserved for as long as there are such values: an encoder that holds the last picture cannot crash the process.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const c = loadLibC();
    c.madvise(this.#at, this.bytes.length, MADV_REMOVE);
    if (this.#descriptorOwned) c.close(this.#descriptor);
    this.#descriptorOwned = false;
  }
}

function outOfMemory(byteLength: number): EnvironmentError {
  return new EnvironmentError(
    `The system gave no ${byteLength} bytes of shared memory.`,
    "Check the memory limit and the open file limit (ulimit -n) of this process.",
  );
}

function loadLibC(): LibC {
  if (libc === undefined) {
    const library = koffi.load("libc.so.6");
    libc = {
      memfdCreate: library.func("int memfd_create(const char *name, uint flags)"),
      ftruncate: library.func("int ftruncate(int descriptor, int64_t bytes)"),
      mmap: library.func(
        "uintptr_t mmap(void *at, size_t bytes, int protection, int flags, int descriptor, int64_t offset)",
      ),
      munmap: library.func("int munmap(void *at, size_t bytes)"),
      madvise: library.func("int madvise(void *at, size_t bytes, int advice)"),
      close: library.func("int close(int descriptor)"),
    };
    const { mmap } = libc;
    libc.mmap = (...values) => BigInt(mmap(...values));
  }
  return libc;
}
