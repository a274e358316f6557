//! A picture for who has none: initials on a color. The same person always has the same.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};

/// An SVG image. `who` decides the color; names decide nothing but the letters, which are escaped.
pub(super) fn picture(who: &str, display_name: Option<&str>, email: Option<&str>) -> String {
    let hash = digest(&SHA256, who.as_bytes());
    let hue = hash.as_ref().iter().take(2).fold(0_u32, |sum, byte| sum * 256 + u32::from(*byte)) % 360;
    let letters = escaped(&initials(display_name, email));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"96\" height=\"96\" viewBox=\"0 0 96 96\" role=\"img\" \
         aria-label=\"{letters}\"><rect width=\"96\" height=\"96\" fill=\"hsl({hue},45%,38%)\"/><text x=\"48\" \
         y=\"48\" dy=\".35em\" text-anchor=\"middle\" font-family=\"sans-serif\" font-size=\"40\" \
         fill=\"#fff\">{letters}</text></svg>"
    )
}

/// Of the first and the last word of a name, else of an address.
fn initials(display_name: Option<&str>, email: Option<&str>) -> String {
    let of = |text: &str| {
        let mut words = text.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
        let first = words.next()?;
        Some(std::iter::once(first).chain(words.next_back()).flat_map(char::to_uppercase).collect())
    };
    display_name.and_then(of).or_else(|| email.and_then(of)).unwrap_or_else(|| "?".to_owned())
}

/// For text and attributes of XML.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if letter.is_alphanumeric() || letter == '?' {
            out.push(letter);
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "&#{};", u32::from(letter));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        for (name, email, expected) in [
            (Some("Adele Vance"), None, "AV"),
            (Some("  ada (Contoso) lovelace "), None, "AL"),
            (Some("Ünal"), None, "Ü"),
            (Some("李 小龍"), None, "李小"),
            (Some("straße ßx"), None, "SSS"),
            (Some("- *"), Some("megan@contoso.com"), "M"),
            (None, Some("megan@contoso.com"), "M"),
            (None, None, "?"),
        ] {
            assert_eq!(initials(name, email), expected, "{name:?}");
        }
    }

    #[test]
    fn a_picture_is_the_same_for_the_same_person_and_holds_nothing_of_a_name_but_letters() {
        let one = picture("id", Some("<script> \"x\""), None);
        assert_eq!(one, picture("id", Some("<script> \"x\""), None));
        assert!(one.contains(">SX</text>") && !one.contains("script"), "{one}");
        assert_ne!(one, picture("other", Some("<script> \"x\""), None));
        assert_eq!(escaped("<&\"'>"), "&#60;&#38;&#34;&#39;&#62;");
    }
}
