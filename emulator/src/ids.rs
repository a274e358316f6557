//! The fixed ids and secrets of `data/directory.toml`, for tests and configurations.
//!
//! They are public and guard nothing: the emulator listens on loopback only.

/// Client id of "Tenantry", the API under development.
pub const TENANTRY_APP: &str = "a0000000-0000-4000-8000-00000000000a";
/// App ID URI of "Tenantry".
pub const TENANTRY_URI: &str = "api://a0000000-0000-4000-8000-00000000000a";
/// Client secret of "Tenantry".
pub const TENANTRY_SECRET: &str = "emulator-secret";
/// Client id of "Tenantry SPA", a public client without a secret.
pub const TENANTRY_SPA: &str = "a0000000-0000-4000-8000-00000000000b";
/// Client id of "Tenantry CLI", a public client on somebody's machine.
pub const TENANTRY_CLI: &str = "a0000000-0000-4000-8000-00000000000c";
/// Client id of "Stranger", somebody else's application.
pub const STRANGER_APP: &str = "a0000000-0000-4000-8000-0000000000ff";
/// App ID URI of "Stranger".
pub const STRANGER_URI: &str = "api://a0000000-0000-4000-8000-0000000000ff";
/// Client secret of "Stranger".
pub const STRANGER_SECRET: &str = "stranger-secret";
/// Client id of Microsoft Graph, as everywhere.
pub const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";
/// Client id of SharePoint Online, as everywhere.
pub const SHAREPOINT_APP: &str = "00000003-0000-0ff1-ce00-000000000000";

/// Tenant Contoso (contoso.com).
pub const CONTOSO: &str = "c0000000-0000-4000-8000-000000000001";
/// Tenant Fabrikam (fabrikam.com).
pub const FABRIKAM: &str = "f0000000-0000-4000-8000-000000000002";
/// Tenant Northwind (northwind.com), of 5,000 users, that has not consented.
pub const NORTHWIND: &str = "d0000000-0000-4000-8000-000000000003";
/// The tenant of all personal Microsoft accounts, as everywhere.
pub const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Adele Vance, administrator of Contoso.
pub const ADELE: &str = "c0000000-0000-4000-8000-000000000101";
/// Alex Wilber, member of Contoso.
pub const ALEX: &str = "c0000000-0000-4000-8000-000000000102";
/// Lee Gu, member of Contoso who must use MFA for Microsoft Graph and SharePoint.
pub const LEE: &str = "c0000000-0000-4000-8000-000000000103";
/// Johanna Lorenz, disabled in Contoso.
pub const JOHANNA: &str = "c0000000-0000-4000-8000-000000000104";
/// Isaiah Langer, member of Contoso, not assigned to Tenantry.
pub const ISAIAH: &str = "c0000000-0000-4000-8000-000000000105";
/// Megan Bowen, administrator of Fabrikam.
pub const MEGAN: &str = "f0000000-0000-4000-8000-000000000101";
/// Nestor Wilke, member of Fabrikam.
pub const NESTOR: &str = "f0000000-0000-4000-8000-000000000102";
/// Adele Vance as a guest of Fabrikam.
pub const ADELE_IN_FABRIKAM: &str = "f0000000-0000-4000-8000-000000000103";
/// Lidia Holloway, administrator of Northwind.
pub const LIDIA: &str = "d0000000-0000-4000-8000-000000000101";
/// Grady Archie, member of Northwind.
pub const GRADY: &str = "d0000000-0000-4000-8000-000000000102";
/// Patti Fernandez, a personal account.
pub const PAT: &str = "00000000-0000-0000-8ad3-5c2f1e90b7d4";

/// Service principal of "Tenantry" in Contoso.
pub const TENANTRY_IN_CONTOSO: &str = "c0000000-0000-4000-8000-00000000020a";
/// Service principal of "Tenantry" in Fabrikam.
pub const TENANTRY_IN_FABRIKAM: &str = "f0000000-0000-4000-8000-00000000020a";
/// Service principal of "Stranger" in Contoso.
pub const STRANGER_IN_CONTOSO: &str = "c0000000-0000-4000-8000-0000000002ff";
/// Service principal of "Stranger" in Fabrikam.
pub const STRANGER_IN_FABRIKAM: &str = "f0000000-0000-4000-8000-0000000002ff";

/// The site "Marketing" of Contoso, at `/sites/marketing`.
pub const CONTOSO_MARKETING: &str =
    "contoso.sharepoint.com,c0000000-0000-4000-8000-000000001002,c0000000-0000-4000-8000-000000002002";
/// The site "Marketing" of Fabrikam, at `/sites/marketing`.
pub const FABRIKAM_MARKETING: &str =
    "fabrikam.sharepoint.com,f0000000-0000-4000-8000-000000001002,f0000000-0000-4000-8000-000000002002";
/// The library "Documents" of Contoso's site "Marketing".
pub const CONTOSO_MARKETING_DRIVE: &str =
    "b!AAAAwAAAAECAAAAAAAAQAgAAAMAAAABAgAAAAAAAIAIAAADAAAAAQIAAAAAAADAC";
/// The library "Documents" of Fabrikam's site "Marketing".
pub const FABRIKAM_MARKETING_DRIVE: &str =
    "b!AAAA8AAAAECAAAAAAAAQAgAAAPAAAABAgAAAAAAAIAIAAADwAAAAQIAAAAAAADAC";

/// The id of the item with this key, such as `WELCOME` or `ARCHIVE0001`, in any drive that has one.
pub fn item(key: &str) -> String {
    format!("01{key:0<32}")
}

/// The one app role of "Tenantry".
pub const TENANTRY_ADMIN: &str = "Tenantry.Admin";
/// Directory role template id of Global Administrator, found in `wids`.
pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
/// Password of every user.
pub const PASSWORD: &str = "emulator";
/// The second factor of every user.
pub const MFA_CODE: &str = "123456";
