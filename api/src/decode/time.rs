//! Times and durations: Go's forms in, the canonical form out.
//!
//! `metav1.Time` is RFC 3339 in UTC with whole seconds, `metav1.MicroTime` with six digits after the point, and
//! `metav1.Duration` is `time.Duration`'s text.

use crate::gotext;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;

const SECONDS_LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
const MICROS_LAYOUT: &str = "2006-01-02T15:04:05.000000Z07:00";

/// A time in whole seconds, UTC.
pub fn seconds(text: &str) -> Result<String, String> {
    // The form that nearly all times have: nothing to convert.
    let time = parse(text).ok_or_else(|| complaint(text, SECONDS_LAYOUT))?;
    Ok(format_seconds(time))
}

/// A time in microseconds, UTC.
pub fn micros(text: &str) -> Result<String, String> {
    let time = parse(text).ok_or_else(|| complaint(text, MICROS_LAYOUT))?;
    Ok(format_micros(time))
}

/// `metav1.Time`'s text of a time: seconds are cut off, not rounded.
pub fn format_seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `metav1.MicroTime`'s text of a time.
pub fn format_micros(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// RFC 3339 alone: jiff accepts more (`2024-01-01 10Z`, lower case), which Go refuses.
fn parse(text: &str) -> Option<Timestamp> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let bytes = text.as_bytes();
    let digit_at = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let shape = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]
        .into_iter()
        .all(digit_at)
        && [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')]
            .into_iter()
            .all(|(i, c)| bytes[i] == c);
    if !shape {
        return None;
    }
    let rest = &bytes[19..];
    let zone = match rest.first() {
        Some(b'.') => &rest[1 + rest[1..].iter().take_while(|b| b.is_ascii_digit()).count()..],
        _ => rest,
    };
    let offset = matches!(zone, [b'+' | b'-', h1, h2, b':', m1, m2] if [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()));
    if zone != b"Z" && !offset {
        return None;
    }
    PARSER.parse_timestamp(text).ok()
}

/// Go's sentence names the first part of the layout that does not fit.
fn complaint(text: &str, layout: &str) -> String {
    let (rest, element) = unfit(text);
    let (text, layout) = (gotext::quote(text), gotext::quote(layout));
    if element.is_empty() {
        return format!("parsing time {text}: {rest}");
    }
    format!(
        "parsing time {text} as {layout}: cannot parse {} as {}",
        gotext::quote(rest),
        gotext::quote(element)
    )
}

/// The rest of the text at the first element that does not fit, and that element; with no element, what is wrong.
fn unfit(text: &str) -> (&str, &'static str) {
    const ELEMENTS: &[(&str, usize)] = &[
        ("2006", 4),
        ("-", 1),
        ("01", 2),
        ("-", 1),
        ("02", 2),
        ("T", 1),
        ("15", 2),
        (":", 1),
        ("04", 2),
        (":", 1),
        ("05", 2),
    ];
    let mut at = 0;
    for (element, width) in ELEMENTS {
        let Some(part) = text.get(at..at + width) else {
            return (text.get(at..).unwrap_or_default(), element);
        };
        let fits = if *width == 1 {
            part == *element
        } else {
            part.bytes().all(|b| b.is_ascii_digit())
        };
        if !fits {
            return (&text[at..], element);
        }
        at += width;
    }
    let rest = &text[at..];
    let zone = rest
        .strip_prefix('.')
        .map_or(rest, |r| r.trim_start_matches(|c: char| c.is_ascii_digit()));
    if zone == "Z" || (zone.len() == 6 && zone.starts_with(['+', '-'])) {
        return (out_of_range(text), "");
    }
    (zone, "Z07:00")
}

fn out_of_range(text: &str) -> &'static str {
    let number = |range: std::ops::Range<usize>| {
        text.get(range)
            .and_then(|t| t.parse::<u32>().ok())
            .unwrap_or_default()
    };
    match () {
        () if !(1..=12).contains(&number(5..7)) => "month out of range",
        () if number(11..13) > 23 => "hour out of range",
        () if number(14..16) > 59 => "minute out of range",
        () if number(17..19) > 59 => "second out of range",
        () => "day out of range",
    }
}

/// A duration's canonical text: `90m` is `1h30m0s`.
pub fn duration(text: &str) -> Result<String, String> {
    parse_duration(text).map(format_duration)
}

/// Go's `time.ParseDuration`, in nanoseconds; the error is Go's text.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", gotext::quote(text));
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, after) = rest.split_at(whole);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(after.bytes().take_while(u8::is_ascii_digit).count()),
            None => ("", after),
        };
        if digits.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let unit_len = after
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_len);
        if unit.is_empty() {
            return Err(format!(
                "time: missing unit in duration {}",
                gotext::quote(text)
            ));
        }
        let scale = unit_nanos(unit).ok_or_else(|| {
            format!(
                "time: unknown unit {} in duration {}",
                gotext::quote(unit),
                gotext::quote(text)
            )
        })?;
        let amount: i128 = if digits.is_empty() {
            0
        } else {
            digits.parse().map_err(|_| invalid())?
        };
        total = amount
            .checked_mul(scale)
            .and_then(|n| total.checked_add(n))
            .ok_or_else(invalid)?;
        let part: f64 = format!("0.{fraction}0").parse().map_err(|_| invalid())?;
        total += (part * scale as f64) as i128;
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| invalid())
}

fn unit_nanos(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60 * 1_000_000_000,
        "h" => 3600 * 1_000_000_000,
        _ => return None,
    })
}

/// Go's `Duration.String`.
fn format_duration(nanos: i64) -> String {
    if nanos == 0 {
        return "0s".to_owned();
    }
    let sign = if nanos < 0 { "-" } else { "" };
    let n = nanos.unsigned_abs();
    let decimal = |scale: u64, unit: &str| {
        let fraction = format!("{:0width$}", n % scale, width = scale.ilog10() as usize);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{}{point}{fraction}{unit}", n / scale)
    };
    match n {
        0..1_000 => format!("{sign}{n}ns"),
        1_000..1_000_000 => decimal(1_000, "µs"),
        1_000_000..1_000_000_000 => decimal(1_000_000, "ms"),
        _ => {
            let (minutes, seconds) = (n / 60_000_000_000, n % 60_000_000_000);
            let fraction = format!("{:09}", seconds % 1_000_000_000);
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() { "" } else { "." };
            let seconds = format!("{}{point}{fraction}s", seconds / 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}"),
                (0, m) => format!("{sign}{m}m{seconds}"),
                (h, m) => format!("{sign}{h}h{m}m{seconds}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_canonical() {
        for (text, canonical) in [
            ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
            ("2024-01-02T03:04:05.999Z", "2024-01-02T03:04:05Z"),
            ("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05Z"),
        ] {
            assert_eq!(seconds(text).as_deref(), Ok(canonical));
        }
        assert_eq!(
            micros("2024-01-02T03:04:05.1234567Z").as_deref(),
            Ok("2024-01-02T03:04:05.123456Z")
        );
        assert_eq!(
            micros("2024-01-02T03:04:05Z").as_deref(),
            Ok("2024-01-02T03:04:05.000000Z")
        );
    }

    #[test]
    fn bad_times_in_gos_words() {
        for (text, message) in [
            (
                "x",
                r#"parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006""#,
            ),
            (
                "2024-01-02 03:04:05Z",
                r#"parsing time "2024-01-02 03:04:05Z" as "2006-01-02T15:04:05Z07:00": cannot parse " 03:04:05Z" as "T""#,
            ),
            (
                "2024-13-02T03:04:05Z",
                r#"parsing time "2024-13-02T03:04:05Z": month out of range"#,
            ),
            (
                "2024-02-30T03:04:05Z",
                r#"parsing time "2024-02-30T03:04:05Z": day out of range"#,
            ),
            (
                "2024-01-02T03:04:05",
                r#"parsing time "2024-01-02T03:04:05" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00""#,
            ),
        ] {
            assert_eq!(seconds(text).unwrap_err(), message);
        }
    }

    #[test]
    fn durations_become_canonical() {
        for (text, canonical) in [
            ("90m", "1h30m0s"),
            ("1.5h", "1h30m0s"),
            ("0", "0s"),
            ("1500ms", "1.5s"),
            ("10us", "10µs"),
            ("-1m", "-1m0s"),
            ("1h", "1h0m0s"),
            ("5ns", "5ns"),
        ] {
            assert_eq!(duration(text).as_deref(), Ok(canonical), "{text}");
        }
        assert_eq!(
            duration("5").unwrap_err(),
            r#"time: missing unit in duration "5""#
        );
        assert_eq!(
            duration("5x").unwrap_err(),
            r#"time: unknown unit "x" in duration "5x""#
        );
        assert_eq!(duration("").unwrap_err(), r#"time: invalid duration """#);
    }
}
