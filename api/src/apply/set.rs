//! Sets of field paths, kept in the very form in which `fieldsV1` is stored.
//!
//! A set is a JSON map from path elements (`f:NAME`, `k:{KEYS}`, `v:VALUE`) to what is below them. An element whose map is
//! empty, or has the key `.`, is itself a member. Working on this form spares turning every manager's set into another one
//! and back at each write.

use super::shape::{Form, Shape};
use serde_json::{Map, Value};

/// A set of paths.
pub(super) type Set = Map<String, Value>;

/// The key that makes an element with children a member itself.
const SELF: &str = ".";

/// One element of a set while the set is made: whether it is a member, and what is below it.
#[derive(Default)]
pub(super) struct Node {
    pub member: bool,
    pub below: Set,
}

impl Node {
    pub(super) fn leaf() -> Node {
        Node {
            member: true,
            below: Set::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.member && self.below.is_empty()
    }
}

/// Puts an element into a set in which it is not yet. Nothing happens if it is empty.
pub(super) fn attach(set: &mut Set, element: impl FnOnce() -> String, node: Node) {
    if node.is_empty() {
        return;
    }
    let mut below = node.below;
    if node.member && !below.is_empty() {
        below.insert(SELF.to_owned(), Value::Object(Map::new()));
    }
    set.insert(element(), Value::Object(below));
}

/// Whether an element's map says that the element is a member.
fn is_member(below: &Set) -> bool {
    below.is_empty() || below.contains_key(SELF)
}

/// The elements of a set with their maps; `.` is none.
pub(super) fn elements(set: &Set) -> impl Iterator<Item = (&String, &Set)> {
    set.iter()
        .filter(|(name, _)| *name != SELF)
        .filter_map(|(name, below)| Some((name, below.as_object()?)))
}

/// Whether a set has an element as a member, and what it has below it.
pub(super) fn look<'a>(set: &'a Set, element: &str) -> (bool, Option<&'a Set>) {
    match set.get(element).and_then(Value::as_object) {
        Some(below) => (
            is_member(below),
            Some(below).filter(|b| elements(b).next().is_some()),
        ),
        None => (false, None),
    }
}

/// Takes apart what is below an element.
fn open(value: Value) -> Node {
    let Value::Object(mut below) = value else {
        return Node::default();
    };
    let member = is_member(&below);
    below.remove(SELF);
    Node { member, below }
}

/// Takes the members of `other` out of `set`.
pub(super) fn subtract(set: &mut Set, other: &Set) {
    for (element, gone) in elements(other) {
        let Some(slot) = set.get_mut(element) else {
            continue;
        };
        let mut node = open(slot.take());
        if is_member(gone) {
            node.member = false;
        }
        subtract(&mut node.below, gone);
        set.remove(element);
        attach(set, || element.clone(), node);
    }
}

/// Adds the members of `other` to `set`.
pub(super) fn unite(set: &mut Set, other: &Set) {
    for (element, more) in elements(other) {
        match set.get_mut(element) {
            None => {
                set.insert(element.clone(), Value::Object(more.clone()));
            }
            Some(slot) => {
                let mut node = open(slot.take());
                node.member |= is_member(more);
                unite(&mut node.below, more);
                set.remove(element);
                attach(set, || element.clone(), node);
            }
        }
    }
}

/// The members that both sets have.
pub(super) fn intersect(set: &Set, other: &Set) -> Set {
    let mut out = Set::new();
    for (element, below) in elements(set) {
        let Some(theirs) = other.get(element).and_then(Value::as_object) else {
            continue;
        };
        let node = Node {
            member: is_member(below) && is_member(theirs),
            below: intersect(below, theirs),
        };
        attach(&mut out, || element.clone(), node);
    }
    out
}

/// The members of `set` that `other` has not.
pub(super) fn difference(set: &Set, other: &Set) -> Set {
    let mut out = set.clone();
    subtract(&mut out, other);
    out
}

/// The set in which every named field of a struct that has members below it is a member too.
pub(super) fn with_named_fields(set: &Set, shape: Shape) -> Set {
    let mut out = Set::new();
    for (element, below) in elements(set) {
        let named = match (shape.form, element.strip_prefix("f:")) {
            (Form::Struct(ty), Some(name)) => ty.field(name).is_some(),
            _ => false,
        };
        let below_shape = shape.at(element);
        let node = Node {
            member: named || is_member(below),
            below: with_named_fields(below, below_shape),
        };
        attach(&mut out, || element.clone(), node);
    }
    out
}

/// Every member as upstream prints paths: `.spec.containers[name="a"].image`. Members of a level come before what is below.
pub(super) fn paths(set: &Set) -> Vec<String> {
    let mut out = Vec::new();
    collect(set, "", &mut out);
    out
}

fn collect(set: &Set, prefix: &str, out: &mut Vec<String>) {
    for (element, below) in elements(set) {
        if is_member(below) {
            out.push(format!("{prefix}{}", print(element)));
        }
    }
    for (element, below) in elements(set) {
        collect(below, &format!("{prefix}{}", print(element)), out);
    }
}

/// One element as upstream prints it.
pub(super) fn print(element: &str) -> String {
    let (kind, rest) = element.split_at_checked(2).unwrap_or((element, ""));
    match kind {
        "f:" => format!(".{rest}"),
        "v:" => format!("[={}]", print_value(rest)),
        "k:" => match serde_json::from_str::<Map<String, Value>>(rest) {
            Ok(keys) => {
                let parts: Vec<String> = keys
                    .iter()
                    .map(|(k, v)| format!("{k}={}", print_value(&v.to_string())))
                    .collect();
                format!("[{}]", parts.join(","))
            }
            Err(_) => format!("[{rest}]"),
        },
        "i:" => format!("[{rest}]"),
        _ => element.to_owned(),
    }
}

fn print_value(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => crate::gotext::quote(&text),
        _ => json.to_owned(),
    }
}

/// Whether a value read from outside has the form of a set.
pub(super) fn is_set(value: &Value) -> bool {
    let Some(map) = value.as_object() else {
        return false;
    };
    map.iter().all(|(name, below)| {
        let known = name == SELF || ["f:", "k:", "v:", "i:"].iter().any(|p| name.starts_with(p));
        known && is_set(below)
    })
}
