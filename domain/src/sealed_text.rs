//! Texts that leave the service and come back unread and unchanged, such as what a cookie keeps of a sign-in.

/// Seals texts for a purpose.
pub trait TextSeal: Send + Sync {
    /// Seals; what is sealed for one purpose does not open for another.
    fn seal(&self, purpose: &str, text: &[u8]) -> String;

    /// `None` for what we did not seal for this purpose.
    fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>>;
}
