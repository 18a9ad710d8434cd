//! What a list or a watch selects, compiled once and matched without decoding objects.

use hydrofoil_api::selector::Selector;

use super::Object;
use super::object::Field;

/// A field that a requirement looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldRef {
    /// `metadata.name`
    Name,
    /// `metadata.namespace`
    Namespace,
    /// The n-th selectable field of the kind.
    Nth(usize),
}

/// One requirement of a field selector.
#[derive(Debug, Clone)]
pub struct FieldTerm {
    /// The field.
    pub field: FieldRef,
    /// What it is compared with.
    pub value: String,
    /// Whether it must differ.
    pub negated: bool,
}

/// What is selected. The default selects everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this namespace.
    pub namespace: Option<String>,
    /// Only this name.
    pub name: Option<String>,
    /// Only these labels.
    pub labels: Option<Selector>,
    /// All of these must hold.
    pub fields: Vec<FieldTerm>,
}

impl Filter {
    /// Whether an object is selected.
    pub fn matches(&self, object: &Object) -> bool {
        self.namespace
            .as_ref()
            .is_none_or(|namespace| object.namespace() == namespace)
            && self.name.as_ref().is_none_or(|name| object.name() == name)
            && self.fields.iter().all(|term| {
                let value = match term.field {
                    FieldRef::Name => object.name(),
                    FieldRef::Namespace => object.namespace(),
                    FieldRef::Nth(index) => object.field(index),
                };
                (value == term.value) != term.negated
            })
            && self
                .labels
                .as_ref()
                .is_none_or(|labels| labels.matches(object.labels()))
    }

    /// Whether objects are told apart by more than where they are.
    pub fn selects(&self) -> bool {
        self.labels.is_some() || !self.fields.is_empty() || self.name.is_some()
    }

    /// The value that a field must have, when one is required.
    pub fn required(&self, field: FieldRef) -> Option<&str> {
        self.fields
            .iter()
            .find(|term| term.field == field && !term.negated)
            .map(|term| term.value.as_str())
    }

    /// The position of a field in a kind's list, or its metadata.
    pub fn resolve(name: &str, fields: &[Field]) -> Option<FieldRef> {
        match name {
            "metadata.name" => Some(FieldRef::Name),
            "metadata.namespace" => Some(FieldRef::Namespace),
            _ => fields
                .iter()
                .position(|(field, _)| *field == name)
                .map(FieldRef::Nth),
        }
    }
}
