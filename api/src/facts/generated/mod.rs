//! Written by `api/facts-gen`; do not edit.
use super::Type;

pub static TYPES: &[&Type] = &[];
