//! `resource.Quantity`: fixed-point numbers with the suffixes of resource amounts, `250m`, `1.5Gi`, `12e6`.
//!
//! Follows `apimachinery/pkg/api/resource`: what parses, the rounding up to a billionth, the canonical text. Upstream's
//! amounts have no bound on their digits; ours hold 38 digits and a decimal exponent, and say that the numeric part cannot
//! be parsed beyond that.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Sub};

/// The longest text that is looked at; real amounts have a dozen characters.
const MAX_TEXT: usize = 128;
/// The largest magnitude of the decimal exponent that is accepted.
const MAX_EXPONENT: i32 = 1000;
/// Amounts are kept to a billionth.
const NANO: i32 = -9;

/// Why a text is no quantity. `Display` is upstream's sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseQuantityError {
    /// It does not look like a number with a suffix.
    #[error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )]
    Format,
    /// The number does not parse or has too many digits.
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    /// The suffix is none that is known.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

/// Which family of suffixes a quantity is printed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `12M`, `250m`
    DecimalSi,
    /// `12Mi`
    BinarySi,
    /// `12e6`
    DecimalExponent,
}

/// An amount: `mantissa * 10^scale`, never finer than a billionth. Compares by amount; `Display` is canonical.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    mantissa: i128,
    scale: i32,
    format: Format,
}

impl Default for Quantity {
    fn default() -> Self {
        Quantity::ZERO
    }
}

struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

fn split(text: &str) -> Result<Parts<'_>, ParseQuantityError> {
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let negative = text.starts_with('-');
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, mut rest) = rest.split_at(digits(rest));
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        (fraction, rest) = after.split_at(digits(after));
    }
    let letters = rest
        .bytes()
        .take_while(|b| b"eEinumkKMGTP".contains(b))
        .count();
    let exponent = rest[letters..]
        .strip_prefix(['-', '+'])
        .unwrap_or(&rest[letters..]);
    if digits(exponent) != exponent.len() {
        return Err(ParseQuantityError::Format);
    }
    Ok(Parts {
        negative,
        whole: whole.trim_start_matches('0'),
        fraction,
        suffix: rest,
    })
}

/// The decimal or binary exponent a suffix stands for.
fn suffix_exponent(suffix: &str) -> Option<(Format, i32)> {
    Some(match suffix {
        "n" => (Format::DecimalSi, -9),
        "u" => (Format::DecimalSi, -6),
        "m" => (Format::DecimalSi, -3),
        "" => (Format::DecimalSi, 0),
        "k" => (Format::DecimalSi, 3),
        "M" => (Format::DecimalSi, 6),
        "G" => (Format::DecimalSi, 9),
        "T" => (Format::DecimalSi, 12),
        "P" => (Format::DecimalSi, 15),
        "E" => (Format::DecimalSi, 18),
        "Ki" => (Format::BinarySi, 10),
        "Mi" => (Format::BinarySi, 20),
        "Gi" => (Format::BinarySi, 30),
        "Ti" => (Format::BinarySi, 40),
        "Pi" => (Format::BinarySi, 50),
        "Ei" => (Format::BinarySi, 60),
        other => {
            let exponent = other.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?;
            return (-MAX_EXPONENT..=MAX_EXPONENT)
                .contains(&exponent)
                .then_some((Format::DecimalExponent, exponent));
        }
    })
}

/// Divides, rounding away from zero.
fn divide_up(value: i128, by: i128) -> i128 {
    let quotient = value / by;
    if value % by == 0 {
        quotient
    } else {
        quotient + value.signum()
    }
}

fn pow10(exponent: u32) -> Option<i128> {
    10i128.checked_pow(exponent)
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity {
        mantissa: 0,
        scale: 0,
        format: Format::DecimalSi,
    };

    /// A whole number of units.
    pub fn from_value(value: i64) -> Quantity {
        Quantity {
            mantissa: value.into(),
            scale: 0,
            format: Format::DecimalSi,
        }
    }

    /// A number of thousandths.
    pub fn from_milli(milli: i64) -> Quantity {
        Quantity {
            mantissa: milli.into(),
            scale: -3,
            format: Format::DecimalSi,
        }
    }

    /// A whole number of units that prints with binary suffixes: bytes.
    pub fn from_bytes(value: i64) -> Quantity {
        Quantity {
            mantissa: value.into(),
            scale: 0,
            format: Format::BinarySi,
        }
    }

    /// Parses a text such as `100m`. Amounts finer than a billionth are rounded up, away from zero; binary amounts are
    /// capped at 2^63-1.
    pub fn parse(text: &str) -> Result<Quantity, ParseQuantityError> {
        if text.is_empty() || text.len() > MAX_TEXT || !text.is_ascii() {
            return Err(ParseQuantityError::Format);
        }
        let parts = split(text)?;
        let (mut format, exponent) =
            suffix_exponent(parts.suffix).ok_or(ParseQuantityError::Suffix)?;
        // A suffix without a number is zero to upstream, and so it is here: `digits` begins with one.
        let fraction = parts.fraction.trim_end_matches('0');
        let digits = format!("0{}{fraction}", parts.whole);
        let mut mantissa: i128 = digits.parse().map_err(|_| ParseQuantityError::Numeric)?;
        let mut scale = -(fraction.len() as i32);
        match format {
            Format::BinarySi => {
                mantissa = mantissa
                    .checked_mul(1i128 << exponent)
                    .ok_or(ParseQuantityError::Numeric)?;
            }
            _ => scale += exponent,
        }
        if scale < NANO {
            let drop = (NANO - scale) as u32;
            mantissa = pow10(drop).map_or(mantissa.signum(), |by| divide_up(mantissa, by));
            scale = NANO;
        }
        if format == Format::BinarySi {
            (mantissa, scale, format) = bound_binary(mantissa, scale);
        }
        if parts.negative {
            mantissa = -mantissa;
        }
        if mantissa == 0 {
            scale = 0;
        }
        Ok(Quantity {
            mantissa,
            scale,
            format,
        })
    }

    /// The text that upstream would store for `text`: canonical, but for amounts that it leaves as they were written because
    /// they looked canonical to its quick path (`+1`, `0100m`).
    pub fn canonicalise(text: &str) -> Result<String, ParseQuantityError> {
        let quantity = Quantity::parse(text)?;
        if kept_as_written(text) {
            Ok(text.to_owned())
        } else {
            Ok(quantity.to_string())
        }
    }

    /// The suffix family it was written with.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether there is nothing.
    pub fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    /// -1, 0 or 1.
    pub fn signum(&self) -> i32 {
        self.mantissa.signum() as i32
    }

    /// The amount in units of `10^scale`, rounded away from zero, clamped to what an `i128` holds.
    pub fn scaled(&self, scale: i32) -> i128 {
        let shift = self.scale - scale;
        let clamp = if self.mantissa < 0 {
            i128::MIN
        } else {
            i128::MAX
        };
        match u32::try_from(shift) {
            _ if self.mantissa == 0 => 0,
            Ok(up) => pow10(up)
                .and_then(|by| self.mantissa.checked_mul(by))
                .unwrap_or(clamp),
            Err(_) => pow10(shift.unsigned_abs())
                .map_or(self.mantissa.signum(), |by| divide_up(self.mantissa, by)),
        }
    }

    /// The amount in billionths.
    pub fn nano(&self) -> i128 {
        self.scaled(NANO)
    }

    /// The amount in thousandths, rounded up.
    pub fn milli(&self) -> i128 {
        self.scaled(-3)
    }

    /// The amount in whole units, rounded up.
    pub fn value(&self) -> i128 {
        self.scaled(0)
    }

    /// The amount in whole units, clamped to an `i64`: upstream's `Value()`.
    pub fn value_i64(&self) -> i64 {
        clamp_i64(self.value())
    }

    /// The amount in thousandths, clamped to an `i64`: upstream's `MilliValue()`.
    pub fn milli_i64(&self) -> i64 {
        clamp_i64(self.milli())
    }

    /// The amount as a float; may lose precision.
    pub fn as_f64(&self) -> f64 {
        self.mantissa as f64 * 10f64.powi(self.scale)
    }

    fn combine(self, other: Quantity, with: fn(i128, i128) -> i128) -> Quantity {
        let format = if self.is_zero() {
            other.format
        } else {
            self.format
        };
        let scale = self.scale.min(other.scale);
        Quantity {
            mantissa: with(self.scaled(scale), other.scaled(scale)),
            scale,
            format,
        }
    }

    /// The number and its power of 1024, for whole amounts.
    fn base1024(&self) -> (i128, i32) {
        let mut number = self.value();
        let mut exponent = 0;
        while number != 0 && number % 1024 == 0 && exponent < 6 {
            number /= 1024;
            exponent += 1;
        }
        (number, exponent)
    }

    /// The number and its power of ten, the power a multiple of three.
    fn base1000(&self) -> (i128, i32) {
        let (mut number, mut exponent) = (self.mantissa, self.scale);
        while number != 0 && number % 10 == 0 {
            number /= 10;
            exponent += 1;
        }
        match exponent.rem_euclid(3) {
            0 => (number, exponent),
            more => (
                number.saturating_mul(if more == 1 { 10 } else { 100 }),
                exponent - more,
            ),
        }
    }
}

fn clamp_i64(value: i128) -> i64 {
    value.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// Upstream caps binary amounts, and prints those below one with decimal suffixes. The amount is not negative here.
fn bound_binary(mantissa: i128, scale: i32) -> (i128, i32, Format) {
    let amount = Quantity {
        mantissa,
        scale,
        format: Format::BinarySi,
    };
    if amount > Quantity::from_value(i64::MAX) {
        return (i64::MAX.into(), 0, Format::BinarySi);
    }
    let fraction = !amount.is_zero() && amount < Quantity::from_value(1);
    (
        mantissa,
        scale,
        if fraction {
            Format::DecimalSi
        } else {
            Format::BinarySi
        },
    )
}

/// Whether upstream's parser keeps the text it was given as the text it prints.
fn kept_as_written(text: &str) -> bool {
    let Ok(parts) = split(text) else { return false };
    let Some((format, exponent)) = suffix_exponent(parts.suffix) else {
        return false;
    };
    if parts.whole.is_empty() && parts.fraction.is_empty() {
        return false;
    }
    let whole = if parts.whole.is_empty() {
        "0"
    } else {
        parts.whole
    };
    let shifted = format!("{whole}{}", parts.fraction);
    let Ok(value) = shifted.parse::<i64>() else {
        return false;
    };
    match format {
        Format::BinarySi => {
            let precision = 15 - whole.len() as i32 - (exponent as f32 * 3.0 / 10.0) as i32 - 1;
            parts.fraction.is_empty() && precision >= 0 && value & 0x07 != 0
        }
        _ => {
            let scale = exponent - parts.fraction.len() as i32;
            18 - (shifted.len() as i32) >= 0
                && scale >= NANO
                && scale % 3 == 0
                && !shifted.ends_with("000")
                && !shifted.starts_with('0')
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("0");
        }
        let whole =
            self.scale >= 0 || self.mantissa % pow10(self.scale.unsigned_abs()).unwrap_or(1) == 0;
        let small = self.nano().unsigned_abs() < 1024 * 1_000_000_000;
        if self.format == Format::BinarySi && whole && !small {
            const SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
            let (number, exponent) = self.base1024();
            return write!(f, "{number}{}", SUFFIXES[exponent as usize]);
        }
        let (number, exponent) = self.base1000();
        let suffix = match exponent {
            _ if self.format == Format::DecimalExponent => None,
            -9 => Some("n"),
            -6 => Some("u"),
            -3 => Some("m"),
            0 => Some(""),
            3 => Some("k"),
            6 => Some("M"),
            9 => Some("G"),
            12 => Some("T"),
            15 => Some("P"),
            18 => Some("E"),
            _ => None,
        };
        match suffix {
            Some(suffix) => write!(f, "{number}{suffix}"),
            None if exponent == 0 => write!(f, "{number}"),
            None => write!(f, "{number}e{exponent}"),
        }
    }
}

/// The sum, in the left quantity's format (the right's if the left is zero), clamped.
impl Add for Quantity {
    type Output = Quantity;

    fn add(self, other: Quantity) -> Quantity {
        self.combine(other, i128::saturating_add)
    }
}

/// The difference, in the left quantity's format (the right's if the left is zero), clamped.
impl Sub for Quantity {
    type Output = Quantity;

    fn sub(self, other: Quantity) -> Quantity {
        self.combine(other, i128::saturating_sub)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.min(other.scale);
        let (a, b) = (self.scaled(scale), other.scaled(scale));
        // Both clamped: the exponents decide.
        if a == b && (a == i128::MAX || a == i128::MIN) {
            return if a > 0 {
                self.scale.cmp(&other.scale)
            } else {
                other.scale.cmp(&self.scale)
            };
        }
        a.cmp(&b)
    }
}

impl std::str::FromStr for Quantity {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Quantity::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn canonical_texts() {
        for (text, canonical) in [
            ("0", "0"),
            ("0Ki", "0"),
            ("-0", "0"),
            ("100m", "100m"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("0.5", "500m"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("64Mi", "64Mi"),
            ("1000Ki", "1000Ki"),
            ("100000k", "100M"),
            ("12e6", "12e6"),
            ("12E6", "12e6"),
            ("1200e4", "12e6"),
            ("0.1Ki", "102400m"),
            ("1.1Ki", "1126400m"),
            ("0.0000000001", "1n"),
            ("-0.0000000001", "-1n"),
            ("1Ei", "1Ei"),
            ("16Ei", "9223372036854775807"),
            ("1.", "1"),
            (".5", "500m"),
            ("512", "512"),
            ("1023Ki", "1023Ki"),
            ("-1Gi", "-1Gi"),
            ("1e-3", "1e-3"),
            ("Mi", "0"),
        ] {
            assert_eq!(
                Quantity::parse(text).map(|q| q.to_string()).as_deref(),
                Ok(canonical),
                "{text}"
            );
        }
    }

    #[test]
    fn texts_kept_as_written() {
        assert_eq!(Quantity::canonicalise("+1").as_deref(), Ok("+1"));
        assert_eq!(Quantity::canonicalise("0100m").as_deref(), Ok("0100m"));
        assert_eq!(Quantity::canonicalise("12E6").as_deref(), Ok("12E6"));
        assert_eq!(Quantity::canonicalise("1024Mi").as_deref(), Ok("1Gi"));
        assert_eq!(Quantity::canonicalise("1000m").as_deref(), Ok("1"));
    }

    #[test]
    fn refused() {
        for (text, error) in [
            ("", ParseQuantityError::Format),
            ("1x", ParseQuantityError::Format),
            ("1 Gi", ParseQuantityError::Format),
            ("1Kk", ParseQuantityError::Suffix),
            ("1ki", ParseQuantityError::Suffix),
            ("1e999999", ParseQuantityError::Suffix),
        ] {
            assert_eq!(Quantity::parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn rounds_up() {
        let q = Quantity::parse("1.1").unwrap();
        assert_eq!((q.value(), q.milli(), q.nano()), (2, 1100, 1_100_000_000));
        assert_eq!(Quantity::parse("1n").unwrap().milli(), 1);
        assert_eq!(Quantity::parse("-1.5").unwrap().value(), -2);
    }

    #[test]
    fn compares_by_amount() {
        let parse = |t| Quantity::parse(t).unwrap();
        assert_eq!(parse("1Ki"), parse("1024"));
        assert!(parse("1M") < parse("1Mi"));
        assert!(parse("1e100") > parse("1e99"));
        assert!(parse("-1e100") < parse("1"));
    }

    #[test]
    fn adds_and_subtracts() {
        let parse = |t| Quantity::parse(t).unwrap();
        assert_eq!((parse("1Gi") + parse("512Mi")).to_string(), "1536Mi");
        assert_eq!((parse("1") - parse("250m")).to_string(), "750m");
        assert_eq!((Quantity::ZERO + parse("1Ki")).to_string(), "1Ki");
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-+]?[0-9.]{0,40}[a-zA-Z]{0,3}[-+]?[0-9]{0,12}") {
            if let Ok(quantity) = Quantity::parse(&text) {
                let _ = (quantity.value_i64(), quantity.milli_i64(), quantity.as_f64());
            }
        }

        #[test]
        fn canonical_text_is_a_fixed_point(
            number in -1_000_000_000i64..1_000_000_000, fraction in 0u32..1000,
            suffix in prop::sample::select(vec!["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "e3", "E-2"]),
        ) {
            let quantity = Quantity::parse(&format!("{number}.{fraction}{suffix}")).unwrap();
            let text = quantity.to_string();
            let again = Quantity::parse(&text).unwrap();
            prop_assert_eq!(again, quantity);
            prop_assert_eq!(again.to_string(), text);
        }

        #[test]
        fn sums_undo(a in any::<i32>(), b in any::<i32>()) {
            let (a, b) = (Quantity::from_milli(a.into()), Quantity::from_milli(b.into()));
            prop_assert_eq!(a + b - b, a);
        }
    }
}
