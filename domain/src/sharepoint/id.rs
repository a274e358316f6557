//! Ids that Microsoft gives. They are no paths: what would end a segment of one, or climb out of it, is no id.

use std::fmt;

/// Letters, digits and `! , - . = _ ~`, which is what the ids of Graph are made of; not a dot or two alone.
fn is_id(text: &str) -> bool {
    (1..=400).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!,-.=_~".contains(&byte))
        && text.bytes().any(|byte| byte != b'.')
}

macro_rules! graph_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The id; `None` for what cannot be one.
            pub fn parse(text: &str) -> Option<Self> {
                is_id(text).then(|| Self(text.to_owned()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

graph_ids! {
    /// A site: host name, site collection and web, with commas between (`contoso.sharepoint.com,…,…`), or `root`.
    SiteId;
    /// A drive, such as `b!…`.
    DriveId;
    /// A file or folder in a drive; `root` is the drive's root folder.
    ItemId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_graph_are_ids() {
        for id in [
            "contoso.sharepoint.com,2C712604-1370-44E7-A1F5-426573FDA80A,2D2244C3-251A-49EA-93A8-39E1C3A060FE",
            "b!-RIj2DuyvEyV1T4NlOaMHk8XkS_I8MdFlUCq1BlcjgmhRfAj3-Z8RY2VpuvV_tpd",
            "01CYZLFJGUJ7JHBSZDFZFL25KSZGQTVAUN",
            "8A3B0C1D2E3F4A5B!123",
            "root",
        ] {
            assert!(ItemId::parse(id).is_some(), "{id}");
        }
    }

    #[test]
    fn what_would_leave_its_segment_is_no_id() {
        for id in [
            "",
            ".",
            "..",
            "...",
            "a/b",
            "/",
            "//evil.example",
            "..%2f..",
            "%2e%2e",
            "%2E",
            "a%00",
            "a?b",
            "a#b",
            "a:b",
            "root:/secret:",
            "a\\b",
            "..\\..",
            "a b",
            "a\tb",
            "a\nb",
            "a@evil.example",
            "https://evil.example",
            "ä",
            "a'b",
            "a(b)",
            "a;b",
            "a&b",
            "a+b",
            "a$b",
            "a*b",
            "a|b",
            "a\u{202e}b",
            "a\0",
        ] {
            assert_eq!(ItemId::parse(id), None, "{id:?}");
        }
        assert_eq!(ItemId::parse(&"a".repeat(401)), None);
    }
}
