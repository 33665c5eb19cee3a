import { AV_LOG_QUIET, FFmpegError, Log } from "node-av";
import { EnvironmentError } from "../../base/index.ts";

// Every error comes back as a code and is reported by its owner; libav's own lines on stderr would only be noise, and
// its log callback may not outlive the worker thread that set it.
Log.setLevel(AV_LOG_QUIET);

const REMEDY = "Another encoder is tried by itself; `sightline doctor` shows what works on this machine.";

/** Throws EnvironmentError with libav's text when `code` says that `action` failed; returns the code otherwise. */
export function checkLibav(code: number, action: string): number {
  if (code < 0) throw encoderFailure(`${action} failed: ${FFmpegError.strerror(code).toLowerCase()}`);
  return code;
}

/** The error of an encoder that cannot be used, or no longer. */
export function encoderFailure(message: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError(message, REMEDY, { cause });
}
