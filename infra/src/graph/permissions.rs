//! What Microsoft must have let this service do for a call to be answered (Microsoft Graph, "Permissions reference";
//! SharePoint, "Permissions" of Office 365 SharePoint Online).
//!
//! A `403` says no more than no: to the person, or to whatever they do by this service. Which one it is the token shows.

use super::client::Call;

/// What each call wants: any permission that begins in one of these ways, and the least that is to be asked for.
const WANTED: [(&[&str], &[&str], &str); 3] = [
    (&["sites", "site"], &["Sites."], "Sites.Read.All"),
    (
        &["drives", "item", "children", "search", "changes", "content", "batch"],
        &["Files.", "Sites."],
        "Files.Read.All",
    ),
    (&["lists"], &["AllSites.", "Sites."], "AllSites.Read"),
];

/// The permission that a call lacks whose token has these scopes; `None` where it has one that could do, or nobody knows.
pub(super) fn lacking(call: &Call<'_>, scopes: &[String]) -> Option<&'static str> {
    lacking_of(call.name, scopes)
}

fn lacking_of(name: &str, scopes: &[String]) -> Option<&'static str> {
    let (_, families, least) = WANTED.iter().find(|(names, ..)| names.contains(&name))?;
    // Of SharePoint they come with its address.
    let mut named = scopes.iter().filter_map(|scope| scope.rsplit('/').next());
    let may_do = named.any(|scope| families.iter().any(|family| scope.starts_with(family)));
    (!may_do && !scopes.is_empty()).then_some(*least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_named_where_it_is_known() {
        let scopes =
            |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<String>>();
        let few = scopes(&["User.Read", "profile"]);
        assert_eq!(lacking_of("sites", &few), Some("Sites.Read.All"));
        assert_eq!(lacking_of("content", &few), Some("Files.Read.All"));
        assert_eq!(
            lacking_of("lists", &scopes(&["https://contoso.sharepoint.com/User.Read.All"])),
            Some("AllSites.Read")
        );
        for (name, enough) in [
            ("sites", "Sites.ReadWrite.All"),
            ("item", "Sites.Selected"),
            ("children", "https://graph.microsoft.com/Files.Read"),
            ("lists", "https://contoso.sharepoint.com/AllSites.FullControl"),
            ("photo", "openid"),
        ] {
            assert_eq!(lacking_of(name, &scopes(&[enough])), None, "{name} with {enough}");
        }
        assert_eq!(lacking_of("sites", &[]), None, "nobody knows what it has");
    }
}
