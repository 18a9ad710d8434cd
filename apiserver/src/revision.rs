//! The one place where the store's revision becomes a `resourceVersion` and back.
//!
//! To clients it is an opaque string; to us it is etcd's revision in decimal, as upstream's APIObjectVersioner has it.

use hydrofoil_api::field::{FieldError, Path};
use hydrofoil_api::status::ApiError;

/// Reads a `resourceVersion`: `None` when it is empty.
///
/// # Errors
/// 400 with upstream's text when it is not a number.
pub fn parse(text: &str) -> Result<Option<i64>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = |why: &str| {
        let detail = format!("strconv.ParseUint: parsing \"{text}\": {why}");
        let error = FieldError::invalid(&Path::new("resourceVersion"), text, detail);
        ApiError::bad_request(error.to_string())
    };
    match text.parse::<u64>() {
        Ok(number) => i64::try_from(number)
            .map(Some)
            .map_err(|_| refuse("value out of range")),
        Err(error) if *error.kind() == std::num::IntErrorKind::PosOverflow => {
            Err(refuse("value out of range"))
        }
        Err(_) => Err(refuse("invalid syntax")),
    }
}

/// Writes a revision as a `resourceVersion`.
pub fn format(revision: i64) -> String {
    revision.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_pass_and_the_rest_is_named() {
        assert_eq!(parse("").unwrap(), None);
        assert_eq!(parse("0").unwrap(), Some(0));
        assert_eq!(parse("12").unwrap(), Some(12));
        let error = parse("a1").unwrap_err();
        assert_eq!(
            error.message(),
            "resourceVersion: Invalid value: \"a1\": strconv.ParseUint: parsing \"a1\": invalid syntax"
        );
        assert!(parse("-1").is_err());
        assert!(
            parse("99999999999999999999")
                .unwrap_err()
                .message()
                .contains("out of range")
        );
    }
}
