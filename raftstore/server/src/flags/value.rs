//! Values as Go's `flag` and `time` packages read and write them, because manifests and scripts rely on those forms.
//!
//! The one confusing thing: etcd's command line says `parse error` for any number that does not parse, and the reason proper
//! only for values of etcd's own types (URLs, choices).

use std::time::Duration;

/// What Go's `flag` says of a number, a boolean or a duration that it cannot read.
pub const PARSE_ERROR: &str = "parse error";
/// What Go's `flag` says of a number that its type cannot hold.
pub const OUT_OF_RANGE: &str = "value out of range";

/// A boolean in one of the forms of `strconv.ParseBool`.
///
/// # Errors
/// [`PARSE_ERROR`].
pub fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(PARSE_ERROR.into()),
    }
}

/// An unsigned number up to `max`; `0x`, `0o` and `0b` prefixes are read as `strconv.ParseUint` with base 0 does.
///
/// # Errors
/// [`PARSE_ERROR`], [`OUT_OF_RANGE`].
pub fn unsigned(text: &str, max: u64) -> Result<u64, String> {
    let (digits, radix) = radix(text);
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(PARSE_ERROR.into());
    }
    match u64::from_str_radix(digits, radix) {
        Ok(number) if number <= max => Ok(number),
        _ => Err(OUT_OF_RANGE.into()),
    }
}

/// A signed number of 64 bits.
///
/// # Errors
/// [`PARSE_ERROR`], [`OUT_OF_RANGE`].
pub fn signed(text: &str) -> Result<i64, String> {
    let (negative, rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = i128::from(unsigned(rest, u64::MAX)?);
    let number = if negative { -magnitude } else { magnitude };
    i64::try_from(number).map_err(|_| OUT_OF_RANGE.into())
}

fn radix(text: &str) -> (&str, u32) {
    let prefixed = |radix| (text.get(2..).unwrap_or_default(), radix);
    match text.get(..2) {
        Some("0x" | "0X") => prefixed(16),
        Some("0o" | "0O") => prefixed(8),
        Some("0b" | "0B") => prefixed(2),
        _ if text.len() > 1 && text.starts_with('0') => (&text[1..], 8),
        _ => (text, 10),
    }
}

/// Nanoseconds in each of the units that `time.ParseDuration` knows; the longer spelling first.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A duration as `time.ParseDuration` reads it, in nanoseconds: `300ms`, `2h45m`, `-1.5h`, `0`.
///
/// # Errors
/// The words of `time.ParseDuration`.
pub fn duration_nanos(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        if !number.bytes().any(|b| b.is_ascii_digit()) {
            return Err(invalid());
        }
        let end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("time: unknown unit {unit:?} in duration {text:?}"));
        };
        total = part(number, *nanos)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(invalid)?;
        rest = tail;
    }
    let total = if negative { -total } else { total };
    i64::try_from(total).map_err(|_| invalid())
}

/// `number` (digits, at most one point) times `unit` nanoseconds.
fn part(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: i128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut nanos = whole.checked_mul(unit)?;
    let mut scale = unit;
    for digit in fraction.bytes() {
        scale /= 10;
        nanos = nanos.checked_add(i128::from(digit - b'0') * scale)?;
    }
    Some(nanos)
}

/// A duration that must not be negative.
///
/// # Errors
/// The words of `time.ParseDuration`, or that it is negative.
pub fn duration(text: &str) -> Result<Duration, String> {
    let nanos = duration_nanos(text)?;
    u64::try_from(nanos)
        .map(Duration::from_nanos)
        .map_err(|_| format!("must not be negative (set to {text})"))
}

/// A duration as Go prints it: `1m40s`, `100ms`, `0s`.
pub fn show(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    if nanos == 0 {
        return "0s".into();
    }
    if nanos < 1_000_000_000 {
        let (unit, name) = match nanos {
            0..1_000 => (1, "ns"),
            1_000..1_000_000 => (1_000, "µs"),
            _ => (1_000_000, "ms"),
        };
        return format!("{}{name}", decimal(nanos, unit));
    }
    let minutes = nanos / 60_000_000_000;
    let seconds = format!("{}s", decimal(nanos % 60_000_000_000, 1_000_000_000));
    match (minutes / 60, minutes % 60) {
        (0, 0) => seconds,
        (0, minutes) => format!("{minutes}m{seconds}"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
    }
}

fn decimal(nanos: u128, unit: u128) -> String {
    let width = unit.ilog10() as usize;
    let (whole, rest) = (nanos / unit, nanos % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let fraction = format!("{rest:0width$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanos) in [
            ("0", 0),
            ("5s", 5_000_000_000),
            ("1.5h", 5_400_000_000_000),
            ("2h45m", 9_900_000_000_000),
            ("-10ms", -10_000_000),
            (".5s", 500_000_000),
            ("1us", 1_000),
            ("1µs", 1_000),
        ] {
            assert_eq!(duration_nanos(text), Ok(nanos), "{text}");
        }
        for (text, error) in [
            ("", "time: invalid duration \"\""),
            ("5", "time: missing unit in duration \"5\""),
            ("5x", "time: unknown unit \"x\" in duration \"5x\""),
            ("s", "time: invalid duration \"s\""),
            ("1.2.3s", "time: invalid duration \"1.2.3s\""),
            ("9999999999h", "time: invalid duration \"9999999999h\""),
        ] {
            assert_eq!(duration_nanos(text), Err(error.into()), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_as_go_shows_them() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (100_000_000, "100ms"),
            (1_500_000_000, "1.5s"),
            (100_000_000_000, "1m40s"),
            (7_200_000_000_000, "2h0m0s"),
        ] {
            assert_eq!(show(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        assert_eq!(unsigned("0x10", u64::MAX), Ok(16));
        assert_eq!(unsigned("010", u64::MAX), Ok(8));
        assert_eq!(
            unsigned("4294967296", u64::from(u32::MAX)),
            Err(OUT_OF_RANGE.into())
        );
        for bad in ["", "-1", "1e3", "10 ", "0x"] {
            assert_eq!(unsigned(bad, u64::MAX), Err(PARSE_ERROR.into()), "{bad:?}");
        }
        assert_eq!(signed("-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(signed("9223372036854775808"), Err(OUT_OF_RANGE.into()));
        assert_eq!(boolean("T"), Ok(true));
        assert_eq!(boolean("yes"), Err(PARSE_ERROR.into()));
    }
}
