//! The two forms of byte ranges: `Range: bytes=…` of RFC 9110 when reading, and the specification's bare `0-1023` when uploading.

/// A part of content, `start..=end`, within its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// First byte.
    pub start: u64,
    /// Last byte.
    pub end: u64,
}

impl Part {
    /// Bytes in it.
    pub fn len(self) -> u64 {
        self.end - self.start + 1
    }
}

/// What a `Range` header asks of content with `size` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Everything: no header, another unit, or several ranges, which a server may ignore (RFC 9110, section 14.2).
    Whole,
    /// One part.
    Part(Part),
    /// Nothing that is there.
    Unsatisfiable,
}

/// Reads a `Range` header.
pub fn asked(header: Option<&str>, size: u64) -> Asked {
    let Some(spec) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else {
        return Asked::Whole;
    };
    let Some((start, end)) = spec.split_once('-') else {
        return Asked::Whole;
    };
    let (start, end) = (start.trim(), end.trim());
    if start.is_empty() {
        return match end.parse::<u64>() {
            Ok(0) => Asked::Unsatisfiable,
            Ok(_) if size == 0 => Asked::Unsatisfiable,
            Ok(suffix) => Asked::Part(Part {
                start: size.saturating_sub(suffix),
                end: size - 1,
            }),
            Err(_) => Asked::Whole,
        };
    }
    let (Ok(start), Ok(end)) = (
        start.parse::<u64>(),
        if end.is_empty() {
            Ok(u64::MAX)
        } else {
            end.parse()
        },
    ) else {
        return Asked::Whole;
    };
    if end < start {
        return Asked::Whole;
    }
    if start >= size {
        return Asked::Unsatisfiable;
    }
    Asked::Part(Part {
        start,
        end: end.min(size - 1),
    })
}

/// Reads a chunk's `Content-Range`, `START-END`, and also the HTTP form `bytes START-END/TOTAL` that some clients send.
pub fn chunk(header: &str) -> Option<Part> {
    let spec = header.trim();
    let spec = spec
        .strip_prefix("bytes ")
        .or_else(|| spec.strip_prefix("bytes="))
        .unwrap_or(spec);
    let spec = spec.split_once('/').map_or(spec, |(range, _)| range);
    let (start, end) = spec.split_once('-')?;
    let part = Part {
        start: start.trim().parse().ok()?,
        end: end.trim().parse().ok()?,
    };
    (part.start <= part.end).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(start: u64, end: u64) -> Asked {
        Asked::Part(Part { start, end })
    }

    #[test]
    fn reading() {
        assert_eq!(asked(None, 10), Asked::Whole);
        assert_eq!(asked(Some("bytes=0-3"), 10), part(0, 3));
        assert_eq!(asked(Some("bytes=4-"), 10), part(4, 9));
        assert_eq!(asked(Some("bytes=-3"), 10), part(7, 9));
        assert_eq!(asked(Some("bytes=-30"), 10), part(0, 9));
        assert_eq!(asked(Some("bytes=5-500"), 10), part(5, 9));
        assert_eq!(asked(Some("bytes=10-"), 10), Asked::Unsatisfiable);
        assert_eq!(asked(Some("bytes=-0"), 10), Asked::Unsatisfiable);
        assert_eq!(asked(Some("bytes=0-"), 0), Asked::Unsatisfiable);
        assert_eq!(asked(Some("bytes=1-2,4-5"), 10), Asked::Whole);
        assert_eq!(asked(Some("bytes=5-2"), 10), Asked::Whole);
        assert_eq!(asked(Some("lines=1-2"), 10), Asked::Whole);
    }

    #[test]
    fn uploading() {
        assert_eq!(chunk("0-99"), Some(Part { start: 0, end: 99 }));
        assert_eq!(chunk("bytes 5-9/10"), Some(Part { start: 5, end: 9 }));
        assert_eq!(chunk("9-5"), None);
        assert_eq!(chunk("5-"), None);
        assert_eq!(chunk("abc"), None);
    }
}
