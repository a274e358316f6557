/** The registrations and addresses of this app; see README.md. */
const emulator = "https://localhost:4143";

export const settings = {
  /** The application (client) id of the single-page app's registration. */
  clientId: import.meta.env.VITE_CLIENT_ID ?? "a0000000-0000-4000-8000-00000000000b",
  /** Work and school accounts of any organization: `https://login.microsoftonline.com/organizations`. */
  authority: import.meta.env.VITE_AUTHORITY ?? `${emulator}/organizations`,
  /** The scope that Tenantry's registration exposes. */
  scope: import.meta.env.VITE_SCOPE ?? "api://a0000000-0000-4000-8000-00000000000a/access_as_user",
  /** Where Tenantry is. Its `CORS_ORIGINS` must have the origin of this app. */
  baseUrl: import.meta.env.VITE_TENANTRY_URL ?? "http://localhost:4000",
} satisfies Record<string, string>;
