import * as http from "node:http";
import * as https from "node:https";
import { LastingFailure } from "../lasting-failure.ts";
import type { HttpAuthorization } from "./http-authorization.ts";

/** A connection that takes longer does not come to be. */
const CONNECT_TIMEOUT_MS = 5000;
/** Cameras begin to answer within this, also those that take a picture first. */
const ANSWER_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_REDIRECTS = 3;
/** A request without credentials, one with, one for a nonce that has run out meanwhile. */
const MAX_AUTHORIZATIONS = 2;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What a GET needs. */
export type HttpGetRequest = {
  readonly url: string;
  readonly authorization: HttpAuthorization;
  readonly agents?: HttpAgents | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** HTTPS without a look at the certificate. */
  readonly anyCertificate?: boolean | undefined;
  readonly signal: AbortSignal;
};

/** Connections that are kept for the next request. */
export type HttpAgents = { readonly http: http.Agent; readonly https: https.Agent };

/**
 * The answer to a GET, with the header read and the body not: the caller reads or destroys it. Follows redirects, to HTTP
 * and HTTPS only and with credentials for the first origin only, and answers demands for user and password. Throws an Error
 * with one line for people, in which neither URL nor credentials occur; also for any status but 200 and 304.
 */
export async function httpGet(request: HttpGetRequest): Promise<http.IncomingMessage> {
  const origin = new URL(request.url).origin;
  let url = new URL(request.url);
  let redirects = 0;
  let authorizations = 0;
  for (;;) {
    const own = url.origin === origin;
    const authorization = own ? request.authorization.header(url.pathname + url.search) : undefined;
    const answer = await ask(url, authorization, request);
    const status = answer.statusCode ?? 0;
    if (status === 200 || status === 304) return answer;
    // Its body is of no use, and may be endless.
    answer.destroy();
    const { location } = answer.headers;
    if (status === 401 && own && authorizations < MAX_AUTHORIZATIONS) {
      authorizations += 1;
      if (request.authorization.challenge(answer.headers["www-authenticate"] ?? "")) continue;
    }
    if (!REDIRECTS.has(status) || location === undefined) throw refusal(answer);
    redirects += 1;
    if (redirects > MAX_REDIRECTS) throw new Error(`The camera redirects more than ${MAX_REDIRECTS} times.`);
    url = redirected(location, url);
  }
}

/** What OpenSSL and Node call the ways in which a certificate is not good. */
const CERTIFICATE_ERROR = /CERT|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)/;

function readable(error: NodeJS.ErrnoException): Error {
  if (!CERTIFICATE_ERROR.test(error.code ?? "")) return error;
  const text = `The camera's certificate is not trusted (${error.message}).`;
  return new LastingFailure(`${text} Give it a good one, or set "anyCertificate" for this camera.`);
}

/** What the camera answers as long as the address stays as it is. */
const LASTING_STATUSES: ReadonlySet<number> = new Set([400, 403, 404, 405, 410]);

function refusal({ statusCode = 0, statusMessage = "" }: http.IncomingMessage): Error {
  if (statusCode === 401) return new LastingFailure("The camera refuses access: user or password is missing or wrong.");
  const text = `${`The camera answered ${statusCode} ${statusMessage}`.trim().slice(0, 200)}.`;
  return LASTING_STATUSES.has(statusCode) ? new LastingFailure(text) : new Error(text);
}

function redirected(location: string, base: URL): URL {
  const url = URL.canParse(location, base.href) ? new URL(location, base) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new LastingFailure("The camera redirects to something that is not HTTP.");
  }
  url.username = "";
  url.password = "";
  return url;
}

function ask(url: URL, authorization: string | undefined, request: HttpGetRequest): Promise<http.IncomingMessage> {
  const secure = url.protocol === "https:";
  const headers: Record<string, string> = { Accept: "multipart/x-mixed-replace, image/jpeg, */*", ...request.headers };
  if (authorization !== undefined) headers.Authorization = authorization;
  const options: https.RequestOptions = { headers, maxHeaderSize: MAX_HEADER_BYTES, signal: request.signal };
  if (request.anyCertificate === true) options.rejectUnauthorized = false;
  // Without agents each request has a connection of its own, which ends with the answer.
  options.agent = request.agents?.[secure ? "https" : "http"] ?? false;
  return new Promise((resolve, reject) => {
    const sent = secure ? https.get(url, options) : http.get(url, options);
    const after = (ms: number, text: string): NodeJS.Timeout => setTimeout(() => sent.destroy(new Error(text)), ms);
    let timer = after(CONNECT_TIMEOUT_MS, "The camera cannot be reached: no connection within 5 s.");
    const connected = (): void => {
      clearTimeout(timer);
      timer = after(ANSWER_TIMEOUT_MS, "The camera does not answer within 10 s.");
    };
    sent.once("socket", (socket) => {
      if (socket.connecting) socket.once(secure ? "secureConnect" : "connect", connected);
      else connected();
    });
    sent.once("response", (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    sent.on("error", (error) => {
      clearTimeout(timer);
      reject(readable(error));
    });
    sent.once("close", () => clearTimeout(timer));
  });
}
