//! The operating system's randomness.

use domain::entropy::Entropy;

/// The operating system's generator.
#[derive(Clone, Copy, Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "this is the entropy that everything else asks")]
        getrandom::fill(bytes).expect("the operating system gives randomness once it has booted");
    }
}
