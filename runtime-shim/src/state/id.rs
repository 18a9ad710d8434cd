//! Identifiers of sandboxes and containers: 64 hexadecimal digits of randomness, as other runtimes make them.

use std::fmt::Write as _;

use rand::Rng as _;

/// A new identifier.
pub fn new() -> String {
    let bytes: [u8; 32] = rand::rng().random();
    let mut text = String::with_capacity(64);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_64_hex_digits_and_differ() {
        let (a, b) = (super::new(), super::new());
        assert_ne!(a, b);
        assert!(a.len() == 64 && a.bytes().all(|c| c.is_ascii_hexdigit()));
    }
}
