//! Paths into objects and the errors found at them: `spec.containers[0].name: Required value`.
//!
//! Mirrors `apimachinery/pkg/util/validation/field`: the kinds, the wording and when the bad value is shown.
//! It knows no rule; rules live with their kinds.

use crate::gotext;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

/// A path from an object's root to a field. Cheap to extend and to clone; turned into text only when an error is made.
#[derive(Clone, Debug)]
pub struct Path(Option<Rc<Node>>);

#[derive(Debug)]
struct Node {
    parent: Option<Rc<Node>>,
    segment: Segment,
}

#[derive(Debug)]
enum Segment {
    Name(Cow<'static, str>),
    Index(usize),
    Key(String),
}

impl Path {
    /// The object itself. Shown as `<nil>` when an error is at the very root, as upstream does.
    pub fn root() -> Path {
        Path(None)
    }

    /// A path of one name, for example `metadata`.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Path {
        Path(None).child(name)
    }

    /// The field `name` of what this path names.
    #[must_use]
    pub fn child(&self, name: impl Into<Cow<'static, str>>) -> Path {
        self.push(Segment::Name(name.into()))
    }

    /// The element `index` of the list this path names.
    #[must_use]
    pub fn index(&self, index: usize) -> Path {
        self.push(Segment::Index(index))
    }

    /// The entry `key` of the map this path names.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Path {
        self.push(Segment::Key(key.into()))
    }

    fn push(&self, segment: Segment) -> Path {
        Path(Some(Rc::new(Node {
            parent: self.0.clone(),
            segment,
        })))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut nodes = Vec::new();
        let mut at = self.0.as_ref();
        while let Some(node) = at {
            nodes.push(node);
            at = node.parent.as_ref();
        }
        if nodes.is_empty() {
            return f.write_str("<nil>");
        }
        for (i, node) in nodes.iter().rev().enumerate() {
            match &node.segment {
                Segment::Name(name) if i == 0 => f.write_str(name)?,
                Segment::Name(name) => write!(f, ".{name}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => write!(f, "[{key}]")?,
            }
        }
        Ok(())
    }
}

/// What is wrong with a field. `Status.details.causes[].reason` is [`ErrorKind::reason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// Something the field names does not exist.
    NotFound,
    /// The field must be set and is not.
    Required,
    /// A value that must be unique appears again.
    Duplicate,
    /// The value breaks a rule.
    Invalid,
    /// The value is not one of an enumeration.
    NotSupported,
    /// The value would be acceptable under other conditions.
    Forbidden,
    /// The value is too long; it is not shown.
    TooLong,
    /// The value is too short; it is not shown.
    TooShort,
    /// The list or map has too many entries.
    TooMany,
    /// The list or map has too few entries.
    TooFew,
    /// The fault is not the client's.
    Internal,
    /// The value has the wrong JSON type.
    TypeInvalid,
}

impl ErrorKind {
    /// The machine-readable reason of a `StatusCause`.
    pub fn reason(self) -> &'static str {
        match self {
            ErrorKind::NotFound => "FieldValueNotFound",
            ErrorKind::Required => "FieldValueRequired",
            ErrorKind::Duplicate => "FieldValueDuplicate",
            ErrorKind::Invalid => "FieldValueInvalid",
            ErrorKind::NotSupported => "FieldValueNotSupported",
            ErrorKind::Forbidden => "FieldValueForbidden",
            ErrorKind::TooLong => "FieldValueTooLong",
            ErrorKind::TooShort => "FieldValueTooShort",
            ErrorKind::TooMany => "FieldValueTooMany",
            ErrorKind::TooFew => "FieldValueTooFew",
            ErrorKind::Internal => "InternalError",
            ErrorKind::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    fn words(self) -> &'static str {
        match self {
            ErrorKind::NotFound => "Not found",
            ErrorKind::Required => "Required value",
            ErrorKind::Duplicate => "Duplicate value",
            ErrorKind::Invalid | ErrorKind::TypeInvalid => "Invalid value",
            ErrorKind::NotSupported => "Unsupported value",
            ErrorKind::Forbidden => "Forbidden",
            ErrorKind::TooLong => "Too long",
            ErrorKind::TooShort => "Too short",
            ErrorKind::TooMany => "Too many",
            ErrorKind::TooFew => "Too few",
            ErrorKind::Internal => "Internal error",
        }
    }

    fn shows_value(self) -> bool {
        !matches!(
            self,
            ErrorKind::Required
                | ErrorKind::Forbidden
                | ErrorKind::TooLong
                | ErrorKind::TooShort
                | ErrorKind::Internal
        )
    }
}

/// One fault at one field. `Display` is upstream's text: `path: Kind: value: detail`.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// What sort of fault.
    pub kind: ErrorKind,
    /// The field, as text: `spec.containers[0].name`.
    pub path: String,
    /// The bad value; `None` leaves it out of the text.
    pub value: Option<Value>,
    /// The rest of the sentence; may be empty.
    pub detail: String,
}

/// All the faults of an object, in the order they were found.
pub type Errors = Vec<FieldError>;

impl FieldError {
    /// Any kind, with every part given.
    pub fn new(
        kind: ErrorKind,
        path: &Path,
        value: Option<Value>,
        detail: impl Into<String>,
    ) -> Self {
        FieldError {
            kind,
            path: path.to_string(),
            value,
            detail: detail.into(),
        }
    }

    /// `path: Not found: value`
    pub fn not_found(path: &Path, value: impl Into<Value>) -> Self {
        Self::new(ErrorKind::NotFound, path, Some(value.into()), "")
    }

    /// `path: Required value: detail`
    pub fn required(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Required, path, None, detail)
    }

    /// `path: Duplicate value: value`
    pub fn duplicate(path: &Path, value: impl Into<Value>) -> Self {
        Self::new(ErrorKind::Duplicate, path, Some(value.into()), "")
    }

    /// `path: Invalid value: value: detail`
    pub fn invalid(path: &Path, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, path, Some(value.into()), detail)
    }

    /// `path: Invalid value: detail`, where the value is left out because it says nothing (upstream's `OmitValueType`).
    pub fn invalid_unshown(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, path, None, detail)
    }

    /// `path: Unsupported value: value: supported values: "a", "b"`. Upstream lists the values sorted where it keeps them in a
    /// set, and in the declared order where it keeps a list: pass them in the order to be shown.
    pub fn not_supported<S: AsRef<str>>(
        path: &Path,
        value: impl Into<Value>,
        supported: &[S],
    ) -> Self {
        let quoted: Vec<String> = supported
            .iter()
            .map(|s| gotext::quote(s.as_ref()))
            .collect();
        let detail = if quoted.is_empty() {
            String::new()
        } else {
            format!("supported values: {}", quoted.join(", "))
        };
        Self::new(ErrorKind::NotSupported, path, Some(value.into()), detail)
    }

    /// `path: Forbidden: detail`
    pub fn forbidden(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Forbidden, path, None, detail)
    }

    /// `path: Too long: may not be more than N bytes`
    pub fn too_long(path: &Path, max_bytes: usize) -> Self {
        let unit = if max_bytes == 1 { "byte" } else { "bytes" };
        Self::new(
            ErrorKind::TooLong,
            path,
            None,
            format!("may not be more than {max_bytes} {unit}"),
        )
    }

    /// `path: Too long: may not be more than N characters`
    pub fn too_long_characters(path: &Path, max: usize) -> Self {
        let unit = if max == 1 { "character" } else { "characters" };
        Self::new(
            ErrorKind::TooLong,
            path,
            None,
            format!("may not be more than {max} {unit}"),
        )
    }

    /// `path: Too many: ACTUAL: must have at most N items`
    pub fn too_many(path: &Path, actual: usize, max: usize) -> Self {
        let unit = if max == 1 { "item" } else { "items" };
        Self::new(
            ErrorKind::TooMany,
            path,
            Some(actual.into()),
            format!("must have at most {max} {unit}"),
        )
    }

    /// `path: Internal error: detail`
    pub fn internal(path: &Path, detail: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Internal, path, None, detail.to_string())
    }

    /// `path: Invalid value: value: detail`, for a value of the wrong JSON type.
    pub fn type_invalid(path: &Path, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::TypeInvalid, path, Some(value.into()), detail)
    }

    /// The text without the path: a `StatusCause`'s message.
    pub fn body(&self) -> String {
        let mut out = self.kind.words().to_owned();
        if let (true, Some(value)) = (self.kind.shows_value(), &self.value) {
            out.push_str(": ");
            match value {
                Value::String(text) => out.push_str(&gotext::quote(text)),
                other => out.push_str(&gotext::json(other)),
            }
        }
        if !self.detail.is_empty() {
            out.push_str(": ");
            out.push_str(&self.detail);
        }
        out
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.body())
    }
}

impl std::error::Error for FieldError {}

/// The text of several faults as one: alone as it is, several in brackets, repeats once.
pub fn aggregate(errors: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.len() {
        1 => texts.remove(0),
        _ => format!("[{}]", texts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_like_upstream() {
        let path = Path::new("spec")
            .child("containers")
            .index(0)
            .child("env")
            .key("A");
        assert_eq!(path.to_string(), "spec.containers[0].env[A]");
        assert_eq!(Path::root().to_string(), "<nil>");
    }

    #[test]
    fn errors_read_like_upstream() {
        let at = Path::new("spec").child("replicas");
        assert_eq!(
            FieldError::invalid(&at, -1, "must be greater than or equal to 0").to_string(),
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
        );
        assert_eq!(
            FieldError::required(&at, "").to_string(),
            "spec.replicas: Required value"
        );
        assert_eq!(
            FieldError::not_supported(&at, "x", &["A", "B"]).to_string(),
            "spec.replicas: Unsupported value: \"x\": supported values: \"A\", \"B\""
        );
        assert_eq!(
            FieldError::too_long(&at, 63).to_string(),
            "spec.replicas: Too long: may not be more than 63 bytes"
        );
        assert_eq!(
            FieldError::too_many(&at, 3, 2).to_string(),
            "spec.replicas: Too many: 3: must have at most 2 items"
        );
        assert_eq!(
            FieldError::invalid(&at, serde_json::json!({"a": "<"}), "no").to_string(),
            "spec.replicas: Invalid value: {\"a\":\"\\u003c\"}: no"
        );
    }

    #[test]
    fn aggregates_drop_repeats() {
        let e = FieldError::required(&Path::new("a"), "");
        let f = FieldError::required(&Path::new("b"), "");
        assert_eq!(aggregate(&[e.clone(), e.clone()]), "a: Required value");
        assert_eq!(
            aggregate(&[e.clone(), f, e]),
            "[a: Required value, b: Required value]"
        );
    }
}
