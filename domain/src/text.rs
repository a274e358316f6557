//! Texts that people write, for comparing.

/// A text in which letters of either case are the same, whatever the alphabet. Databases have opinions of their own about
/// that, so it is done here.
pub fn folded(text: &str) -> String {
    // To upper case first: some letters have several small forms (σ and ς), or a large one that is two (ß).
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_either_case_are_the_same_in_every_alphabet() {
        for (one, other) in [
            ("Alex@Contoso.com", "aLEX@contoso.COM"),
            ("JÖRG@müller.example", "jörg@MÜLLER.example"),
            ("ΝΊΚΟΣ@example.gr", "νίκος@example.gr"),
            ("ИВАН@example.ru", "иван@example.ru"),
            ("STRASSE@example.de", "straße@example.de"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_ne!(folded("jorg@example.com"), folded("jörg@example.com"));
    }
}
