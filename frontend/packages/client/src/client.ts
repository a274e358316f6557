import createClient, { type Client } from "openapi-fetch";

import { claimsOf } from "./challenge";
import type { Credential } from "./credential";
import { refused, unanswered } from "./error";
import type { paths } from "./schema";

export interface Options {
  /** Where the service is, such as `https://api.example.com`. */
  readonly baseUrl: string;
  readonly credential: Credential;
  /** Instead of the browser's own. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** The operations of the service by path and method, each with the types of its document. */
export type TenantryClient = Client<paths>;

/**
 * A client of the service. A claims challenge is answered, and the request repeated, once; what fails after that, or
 * otherwise, is in `error` of the result, or thrown by {@link data}.
 */
export function tenantry({ baseUrl, credential, fetch = (request) => globalThis.fetch(request) }: Options): TenantryClient {
  return createClient<paths>({ baseUrl, fetch: (request) => send(request, credential, fetch) });
}

async function send(
  request: Request,
  credential: Credential,
  fetch: (request: Request) => Promise<Response>,
): Promise<Response> {
  // A body can be read once only, so each attempt gets its own copy.
  const attempt = async (claims?: string) => {
    const authorized = await credential.apply(request.clone(), claims);
    return fetch(authorized).catch((cause: unknown) => {
      throw request.signal.aborted ? cause : unanswered(cause);
    });
  };
  const response = await attempt();
  if (response.status !== 401) return response;
  const claims = claimsOf(response.headers.get("WWW-Authenticate"));
  if (claims !== undefined) return attempt(claims);
  return (await credential.renew?.()) ? attempt() : response;
}

/** What a call of {@link TenantryClient} resolves to. */
interface Result<Body> {
  readonly data?: Body;
  readonly error?: unknown;
  readonly response: Response;
}

/** The body of a successful call; throws a `TenantryError` for any other. */
export async function data<Body>(call: Promise<Result<Body>>): Promise<Exclude<Body, undefined>> {
  const { data, error, response } = await call;
  if (!response.ok) throw refused(response, error);
  return data as Exclude<Body, undefined>;
}
