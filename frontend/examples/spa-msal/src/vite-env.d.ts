interface ImportMetaEnv {
  readonly VITE_CLIENT_ID?: string;
  readonly VITE_AUTHORITY?: string;
  readonly VITE_SCOPE?: string;
  readonly VITE_TENANTRY_URL?: string;
}
