import type { ErrorCode, ErrorResponse } from "./schema";

/** The codes of the service, and what has none because no answer of the service came. */
export type FailureCode = ErrorCode | "NETWORK" | "UNEXPECTED";

interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  readonly status?: number;
  readonly details?: unknown;
  readonly requestId?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** What every call that does not succeed throws. */
export class TenantryError extends Error {
  /** Stable; act upon this one. */
  readonly code: FailureCode;
  /** The status of the answer; 0 where there was none. */
  readonly status: number;
  /** More about it, by code: for `VALIDATION_FAILED` a list of reasons for each field. */
  readonly details: unknown;
  /** Name it when you ask for help. */
  readonly requestId: string | undefined;
  /** After how many seconds it may be tried again, where the answer says so. */
  readonly retryAfter: number | undefined;

  constructor({ code, message, status = 0, details, requestId, retryAfter, cause }: Failure) {
    super(message, { cause });
    this.name = "TenantryError";
    this.code = code;
    this.status = status;
    this.details = details;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }

  /** For `VALIDATION_FAILED`: the reasons against each field of the request. */
  get fields(): Record<string, string[]> {
    if (this.code !== "VALIDATION_FAILED" || typeof this.details !== "object" || this.details === null) return {};
    const reasons = (value: unknown): string[] =>
      Array.isArray(value) ? value.filter((reason) => typeof reason === "string") : [];
    return Object.fromEntries(Object.entries(this.details).map(([field, value]) => [field, reasons(value)]));
  }
}

/** The error of an answer that is not a success; `body` is what was parsed of it. */
export function refused(response: Response, body: unknown): TenantryError {
  const requestId = response.headers.get("X-Request-Id") ?? undefined;
  const retryAfter = seconds(response.headers.get("Retry-After"));
  const status = response.status;
  if (isEnvelope(body)) {
    const { code, message, details, requestId: named } = body.error;
    return new TenantryError({ code, message, details, status, retryAfter, requestId: requestId ?? named });
  }
  // A proxy in between, or a head that was refused before there was a request.
  const message = `The service answered ${status}`;
  return new TenantryError({ code: "UNEXPECTED", message, status, requestId, retryAfter });
}

/** The error of a request to which no answer came. */
export function unanswered(cause: unknown): TenantryError {
  return new TenantryError({ code: "NETWORK", message: "The service cannot be reached", cause });
}

function isEnvelope(body: unknown): body is ErrorResponse {
  if (typeof body !== "object" || body === null || !("error" in body)) return false;
  const { error } = body;
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string";
}

function seconds(header: string | null): number | undefined {
  const value = header === null ? Number.NaN : Number(header);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}
