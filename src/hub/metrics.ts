import { Counter, Gauge, Registry } from "prom-client";
import type { LinkClose } from "../node/index.ts";
import { cameraHealthSchema } from "../protocol/index.ts";
import type { HubCounters } from "./ports.ts";

/** What the gauges read when somebody asks. */
export type HubGauges = {
  readonly agents: () => number;
  readonly viewers: () => number;
  readonly rungs: () => number;
  readonly liveSources: () => number;
  readonly lostSources: () => number;
  readonly cameraStates: () => ReadonlyMap<string, number>;
  readonly cameraRestarts: () => number;
  readonly cameraProcesses: () => number;
};

/** The hub's numbers for Prometheus. Labels are from fixed sets: nothing that a person typed, and no credentials. */
export class HubMetrics implements HubCounters {
  readonly #registry = new Registry();
  readonly #received = this.#counter("sightline_pictures_received_total", "Pictures that came from agents.");
  readonly #receivedBytes = this.#counter("sightline_picture_bytes_received_total", "Bytes of pictures from agents.");
  readonly #sent = this.#counter("sightline_pictures_sent_total", "Pictures sent, counted once per viewer.");
  readonly #sentBytes = this.#counter("sightline_picture_bytes_sent_total", "Bytes of pictures sent to viewers.");
  readonly #dropped = this.#counter("sightline_pictures_dropped_total", "Pictures a viewer missed for being behind.");
  readonly #keyframes = this.#counter("sightline_keyframe_requests_total", "Keyframes that agents were asked for.");
  readonly #sessions = new Counter({
    name: "sightline_session_attempts_total",
    help: "Attempts to open a session with a token.",
    labelNames: ["result"] as const,
    registers: [this.#registry],
  });
  readonly #closed = new Counter({
    name: "sightline_links_closed_total",
    help: "Links that ended, by who was at the other end and the close code.",
    labelNames: ["role", "code"] as const,
    registers: [this.#registry],
  });

  constructor(gauges: HubGauges) {
    this.#gauge("sightline_agents_connected", "Agents connected now.", gauges.agents);
    this.#gauge("sightline_viewers_connected", "Viewers connected now.", gauges.viewers);
    this.#gauge("sightline_rungs_open", "Encodings that are being made now.", gauges.rungs);
    this.#gauge("sightline_sources_live", "Sources that can be watched now.", gauges.liveSources);
    this.#gauge("sightline_sources_lost", "Sources whose agent is away.", gauges.lostSources);
    this.#gauge("sightline_camera_processes", "Processes of cameras, spares included.", gauges.cameraProcesses);
    this.#gauge(
      "sightline_camera_restarts",
      "Runs of the cameras there are that ended by themselves.",
      gauges.cameraRestarts,
    );
    this.#cameraGauge(gauges.cameraStates);
  }

  pictureReceived(bytes: number): void {
    this.#received.inc();
    this.#receivedBytes.inc(bytes);
  }

  pictureSent(bytes: number): void {
    this.#sent.inc();
    this.#sentBytes.inc(bytes);
  }

  pictureDropped(): void {
    this.#dropped.inc();
  }

  keyframeRequested(): void {
    this.#keyframes.inc();
  }

  linkClosed(role: "viewer" | "agent", { code }: LinkClose): void {
    // A peer may close with any number; one series per number would be its to make.
    const known = code === 1000 || code === 1001 || code === 1006 || code === 1011 || (code >= 4000 && code <= 4004);
    this.#closed.inc({ role, code: known ? String(code) : "other" });
  }

  sessionAttempted(result: "accepted" | "refused"): void {
    this.#sessions.inc({ result });
  }

  /** Where others count, too. */
  get registry(): Registry {
    return this.#registry;
  }

  /** Everything in Prometheus's text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.#registry] });
  }

  #cameraGauge(read: () => ReadonlyMap<string, number>): void {
    new Gauge({
      name: "sightline_cameras",
      help: "Cameras by their health.",
      labelNames: ["state"] as const,
      registers: [this.#registry],
      collect() {
        const counts = read();
        for (const state of cameraHealthSchema.shape.state.options) this.set({ state }, counts.get(state) ?? 0);
      },
    });
  }

  #gauge(name: string, help: string, read: () => number): Gauge {
    return new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(read());
      },
    });
  }
}
