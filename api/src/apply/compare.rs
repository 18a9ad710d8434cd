//! What differs between two states of an object, and what an object has, as sets of paths.

use super::set::{Node, Set, attach};
use super::shape::{Form, Shape};
use crate::facts::{Field, FieldType, Omit};
use serde_json::{Map, Value};

/// What a new state changes.
#[derive(Default)]
pub(super) struct Difference {
    /// Paths that are new or have another value.
    pub changed: Set,
    /// Paths that are gone.
    pub removed: Set,
}

/// A difference below one path.
#[derive(Default)]
struct Pair {
    changed: Node,
    removed: Node,
}

const NULL: &Value = &Value::Null;

/// Compares two states of an object.
pub(super) fn compare(old: &Value, new: &Value, shape: Shape) -> Difference {
    let pair = walk(Some(old), Some(new), shape);
    Difference {
        changed: pair.changed.below,
        removed: pair.removed.below,
    }
}

fn walk(old: Option<&Value>, new: Option<&Value>, shape: Shape) -> Pair {
    if old == new {
        return Pair::default();
    }
    let open =
        |value: Option<&Value>| value.is_some_and(|v| shape.opens_map(v) || shape.opens_list(v));
    let bare = |value: Option<&Value>| match value {
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        _ => true,
    };
    if !(open(old) || open(new)) || (bare(old) && bare(new)) {
        return leaf(old, new);
    }
    let mut pair = Pair::default();
    if [old, new].into_iter().flatten().any(|v| shape.opens_map(v)) {
        maps(old, new, shape, &mut pair);
    } else {
        lists(old, new, shape, &mut pair);
    }
    pair.changed.member = old.is_none();
    pair.removed.member = new.is_none();
    pair
}

fn leaf(old: Option<&Value>, new: Option<&Value>) -> Pair {
    let mut pair = Pair::default();
    match (old, new) {
        (_, None) => pair.removed = Node::leaf(),
        (_, Some(_)) => pair.changed = Node::leaf(),
    }
    pair
}

fn join(pair: &mut Pair, element: impl Fn() -> String, below: Pair) {
    attach(&mut pair.changed.below, &element, below.changed);
    attach(&mut pair.removed.below, &element, below.removed);
}

/// A field as Go's encoder would show it: what it writes as `null`, we leave out.
fn shown<'a>(map: Option<&'a Map<String, Value>>, field: &Field) -> Option<&'a Value> {
    let map = map?;
    map.get(field.json).or_else(|| {
        (field.omit == Omit::Never && !field.pointer && nullable(&field.ty)).then_some(NULL)
    })
}

fn nullable(ty: &FieldType) -> bool {
    matches!(
        ty,
        FieldType::List(_)
            | FieldType::Map(_)
            | FieldType::Bytes
            | FieldType::Time
            | FieldType::MicroTime
    )
}

fn maps(old: Option<&Value>, new: Option<&Value>, shape: Shape, pair: &mut Pair) {
    let (old, new) = (
        old.and_then(Value::as_object),
        new.and_then(Value::as_object),
    );
    let names = old
        .into_iter()
        .flatten()
        .chain(new.into_iter().flatten().filter(|(k, _)| {
            // Those that both have come with the old.
            !old.is_some_and(|o| o.contains_key(*k))
        }));
    for (name, _) in names {
        let (was, is) = match shape.form {
            Form::Struct(ty) => match ty.field(name) {
                Some(field) => (shown(old, field), shown(new, field)),
                None => (old.and_then(|m| m.get(name)), new.and_then(|m| m.get(name))),
            },
            _ => (old.and_then(|m| m.get(name)), new.and_then(|m| m.get(name))),
        };
        if was != is {
            join(
                pair,
                || format!("f:{name}"),
                walk(was, is, shape.entry(name)),
            );
        }
    }
}

/// The elements of a list with their path elements; repeated ones by all their values.
fn indexed(list: Option<&Value>, shape: Shape) -> Vec<(String, Vec<&Value>)> {
    let mut out: Vec<(String, Vec<&Value>)> = Vec::new();
    for item in list.and_then(Value::as_array).into_iter().flatten() {
        let Ok(element) = shape.element(item) else {
            continue;
        };
        match out.iter_mut().find(|(e, _)| *e == element) {
            Some((_, values)) => values.push(item),
            None => out.push((element, vec![item])),
        }
    }
    out
}

fn lists(old: Option<&Value>, new: Option<&Value>, shape: Shape, pair: &mut Pair) {
    let (old, new) = (indexed(old, shape), indexed(new, shape));
    let items = shape.items();
    let none = Vec::new();
    let find = |list: &'_ [(String, Vec<&'_ Value>)], element: &str| {
        list.iter().position(|(e, _)| e == element)
    };
    for (element, was) in &old {
        let is = find(&new, element).map_or(&none, |i| &new[i].1);
        join(pair, || element.clone(), elements(was, is, items));
    }
    for (element, is) in &new {
        if find(&old, element).is_none() {
            join(pair, || element.clone(), elements(&none, is, items));
        }
    }
}

/// Compares what two lists have under one path element. Repeated elements are compared whole.
fn elements(was: &[&Value], is: &[&Value], items: Shape) -> Pair {
    match (was, is) {
        ([] | [_], [] | [_]) => walk(was.first().copied(), is.first().copied(), items),
        ([_, _, ..], [_, _, ..]) if was == is => Pair::default(),
        ([_, _, ..], [_, _, ..]) => Pair {
            changed: Node::leaf(),
            removed: Node::default(),
        },
        ([_, _, ..], _) => {
            let mut pair = walk(None, is.first().copied(), items);
            pair.removed.member = true;
            if is.is_empty() {
                Pair {
                    removed: Node::leaf(),
                    changed: Node::default(),
                }
            } else {
                pair
            }
        }
        (_, _) => {
            let mut pair = if was.is_empty() {
                Pair::default()
            } else {
                walk(was.first().copied(), None, items)
            };
            pair.changed.member = true;
            pair
        }
    }
}

/// Every path that a configuration sets.
pub(super) fn fields_of(value: &Value, shape: Shape) -> Set {
    gather(value, shape).below
}

fn gather(value: &Value, shape: Shape) -> Node {
    if shape.opens_list(value) {
        let mut node = Node::default();
        for (element, values) in indexed(Some(value), shape) {
            let mut below = if let [one] = values.as_slice() {
                gather(one, shape.items())
            } else {
                Node::default()
            };
            below.member = true;
            attach(&mut node.below, || element, below);
        }
        return node;
    }
    if shape.opens_map(value) {
        let mut node = Node::default();
        for (name, entry) in value.as_object().into_iter().flatten() {
            let mut below = gather(entry, shape.entry(name));
            let declared = matches!(shape.form, Form::Struct(ty) if ty.field(name).is_some());
            let bare = entry.is_null() || entry.as_object().is_some_and(Map::is_empty);
            below.member |= bare || !declared;
            attach(&mut node.below, || format!("f:{name}"), below);
        }
        return node;
    }
    // An empty or null list or map that could be looked into is nothing by itself; its parent says whether it counts.
    if value.is_null() && !matches!(shape.form, Form::Scalar(_)) && !shape.atomic {
        return Node::default();
    }
    Node::leaf()
}
