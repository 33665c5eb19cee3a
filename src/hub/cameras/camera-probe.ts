import { type Closable, EnvironmentError } from "../../base/index.ts";
import type { Camera, CameraCredentials, CameraDelivery } from "../../protocol/index.ts";
import type { PoolClient } from "./camera-pool.ts";
import type { CameraWorker } from "./camera-worker.ts";

/** Sources that are tried at the same time; more are refused. */
const MAX_PROBES = 4;

/** A source that has not answered after this long is one that does not. */
const PROBE_MS = 30_000;

/** Finds out what sources deliver, each in a process of its own. */
export class ProbeDesk implements Closable {
  readonly #take: (client: PoolClient) => Closable;
  readonly #running = new Set<{ worker: CameraWorker | undefined; fail: (reason: string) => void }>();

  constructor(take: (client: PoolClient) => Closable) {
    this.#take = take;
  }

  /** Opens the source and measures. Rejects with an {@link EnvironmentError} that says why that was not possible. */
  probe(camera: Camera, credentials: CameraCredentials | undefined): Promise<CameraDelivery> {
    if (this.#running.size >= MAX_PROBES) {
      return Promise.reject(
        new EnvironmentError(`${MAX_PROBES} cameras are being tested already.`, "Try again in a few seconds."),
      );
    }
    return new Promise((resolve, reject) => {
      const finish = (): boolean => {
        clearTimeout(timer);
        taking?.close();
        probe.worker?.close();
        return this.#running.delete(probe);
      };
      const probe = {
        worker: undefined as CameraWorker | undefined,
        fail: (reason: string): void => {
          if (finish()) reject(new EnvironmentError(reason, "Check its address, its credentials and the network."));
        },
      };
      this.#running.add(probe);
      const timer = setTimeout(
        () => probe.fail(`The source delivered no picture within ${PROBE_MS / 1000} s.`),
        PROBE_MS,
      );
      let taking: Closable | undefined;
      taking = this.#take({
        delayed: (reason) => probe.fail(`No process can be started for it: ${reason}`),
        ready: (worker) => {
          probe.worker = worker;
          worker.serve({
            picture: () => {},
            ended: (reason) => probe.fail(reason),
            message: (message) => {
              if (message.type !== "probed") return;
              const { delivery, error } = message;
              if (delivery === undefined) probe.fail(error);
              else if (finish()) resolve(delivery);
            },
          });
          const secret = credentials === undefined ? {} : { credentials };
          worker.command({ type: "camera", camera, ...secret, probe: true });
        },
      });
    });
  }

  close(): void {
    for (const { fail } of [...this.#running]) fail("The hub is ending.");
  }
}
