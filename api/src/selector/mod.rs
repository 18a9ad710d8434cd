//! Label selectors and field selectors: parsed once, matched many times without decoding the object.

mod field_selector;
mod label_lexer;
mod label_selector;

pub use field_selector::{FieldRequirement, FieldSelector};
pub use label_selector::{Lookup, Operator, Requirement, Selector};

/// Why a selector's text or object is not one. `Display` is upstream's sentence, to be put in a 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub String);
