import { session, tenantry } from "@tenantry/client";

/** The service that serves this page. */
export const api = tenantry({ baseUrl: globalThis.location.origin, credential: session() });
