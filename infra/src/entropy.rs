//! The operating system's randomness.

use std::sync::{Arc, Mutex, PoisonError};

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

/// Asks another source for much at once and hands it out piece by piece, for what is wanted often and need not be kept
/// secret: what is handed out later is in memory before.
pub struct InAdvance {
    source: Arc<dyn Entropy>,
    left: Mutex<Left>,
}

struct Left {
    bytes: [u8; 1024],
    from: usize,
}

impl InAdvance {
    pub fn new(source: Arc<dyn Entropy>) -> Self {
        let bytes = [0; 1024];
        Self { source, left: Mutex::new(Left { from: bytes.len(), bytes }) }
    }
}

impl Entropy for InAdvance {
    fn fill(&self, bytes: &mut [u8]) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.bytes.len() - left.from < bytes.len() {
            self.source.fill(&mut left.bytes);
            left.from = 0;
        }
        let from = left.from;
        match left.bytes.get(from..from + bytes.len()) {
            Some(some) => {
                bytes.copy_from_slice(some);
                left.from += bytes.len();
            }
            // More than is ever asked for at once.
            None => self.source.fill(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts upwards, byte by byte.
    #[derive(Default)]
    struct Counting(Mutex<u64>);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            let mut next = self.0.lock().unwrap();
            for byte in bytes {
                *byte = u8::try_from(*next % 251).unwrap();
                *next += 1;
            }
        }
    }

    #[test]
    fn no_byte_is_handed_out_twice() {
        let entropy = InAdvance::new(Arc::new(Counting::default()));
        let mut previous: Option<u64> = None;
        for _ in 0..500 {
            let mut bytes = [0; 10];
            entropy.fill(&mut bytes);
            let first = u64::from(bytes[0]);
            assert!(bytes.windows(2).all(|pair| (u64::from(pair[0]) + 1) % 251 == u64::from(pair[1])));
            // The four bytes that are left of each 1024 are not used.
            let expected = previous.map(|previous| [(previous + 10) % 251, (previous + 14) % 251]);
            assert!(expected.is_none_or(|expected| expected.contains(&first)), "{first} after {previous:?}");
            previous = Some(first);
        }
        let mut many = [0; 3000];
        entropy.fill(&mut many);
        assert!(many.windows(2).all(|pair| (u64::from(pair[0]) + 1) % 251 == u64::from(pair[1])));
    }
}
