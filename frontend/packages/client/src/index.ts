export { claimsOf } from "./challenge";
export { data, tenantry, type Options, type TenantryClient } from "./client";
export { bearer, type Credential, type TokenSource } from "./credential";
export { session } from "./session";
export { TenantryError, type FailureCode } from "./error";
export type { components, ErrorCode, operations, paths } from "./schema";
