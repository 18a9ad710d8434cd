//! Shows a protobuf message without knowing its type: a line a field, `path=value`, so that two can be compared by eye and by rule.
//!
//! Bytes that happen to read as a message are shown as one. That is ambiguous, but the same bytes are always shown the same way.

/// Renders a message, or `None` when the bytes are none.
pub fn show(bytes: &[u8]) -> Option<String> {
    let mut lines = Vec::new();
    message(bytes, "", &mut lines, 0)?;
    Some(lines.join("\n"))
}

// A message inside a message inside... of nothing but nesting is text after this.
const DEEPEST: usize = 8;

fn message(mut bytes: &[u8], path: &str, lines: &mut Vec<String>, depth: usize) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let number = tag >> 3;
        if number == 0 || number > 1000 {
            return None;
        }
        let here = if path.is_empty() {
            number.to_string()
        } else {
            format!("{path}.{number}")
        };
        match tag & 7 {
            0 => lines.push(format!("{here}={}", varint(&mut bytes)?)),
            1 => lines.push(format!("{here}=0x{:x}", fixed::<8>(&mut bytes)?)),
            5 => lines.push(format!("{here}=0x{:x}", fixed::<4>(&mut bytes)?)),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let inner = bytes.get(..length)?;
                bytes = &bytes[length..];
                let mut nested = Vec::new();
                if !inner.is_empty() && message(inner, &here, &mut nested, depth + 1).is_some() {
                    lines.push(format!("{here}:"));
                    lines.append(&mut nested);
                } else {
                    lines.push(format!("{here}={:?}", String::from_utf8_lossy(inner)));
                }
            }
            _ => return None,
        }
    }
    Some(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn fixed<const N: usize>(bytes: &mut &[u8]) -> Option<u64> {
    let (value, rest) = bytes.split_at_checked(N)?;
    *bytes = rest;
    Some(
        value
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_shown_by_their_path() {
        // A range's answer: header { cluster 1, revision 2 }, kvs { key "a", value "b" }, count 1.
        let bytes = [
            0x0a, 4, 0x08, 1, 0x18, 2, 0x12, 6, 0x0a, 1, b'a', 0x2a, 1, b'b', 0x20, 1,
        ];
        assert_eq!(
            show(&bytes).unwrap(),
            "1:\n1.1=1\n1.3=2\n2:\n2.1=\"a\"\n2.5=\"b\"\n4=1"
        );
    }

    #[test]
    fn text_is_no_message() {
        assert_eq!(show(b"Error: something"), None);
        assert_eq!(show(&[0x0a, 200]), None, "a length beyond the end");
    }
}
