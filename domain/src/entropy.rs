//! Randomness, as a port, so that tests can seed it.

/// A source of unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`. Implementations for production use the operating system's generator.
    fn fill(&self, bytes: &mut [u8]);
}
