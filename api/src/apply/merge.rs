//! An applied configuration laid over what there is, and paths taken out of an object.

use super::set::{Set, look};
use super::shape::Shape;
use serde_json::{Map, Value};

/// The object with a configuration merged into it. What the configuration says wins; the order of its list elements does,
/// too.
pub(super) fn merge(live: &Value, applied: &Value, shape: Shape) -> Value {
    if shape.opens_map(applied) && (shape.opens_map(live) || live.is_null()) {
        let (Some(applied), live) = (applied.as_object(), live.as_object()) else {
            return applied.clone();
        };
        let mut out: Map<String, Value> = live.cloned().unwrap_or_default();
        for (name, value) in applied {
            let merged = merge(
                out.get(name).unwrap_or(&Value::Null),
                value,
                shape.entry(name),
            );
            out.insert(name.clone(), merged);
        }
        return Value::Object(out);
    }
    if shape.opens_list(applied) && (shape.opens_list(live) || live.is_null()) {
        return Value::Array(lists(live, applied, shape));
    }
    // A null list or map in a configuration says nothing.
    if applied.is_null() && (shape.opens_map(live) || shape.opens_list(live)) {
        return live.clone();
    }
    applied.clone()
}

/// Merges two lists: elements of both merge, in the configuration's order; those of one side keep their place between their
/// neighbours.
fn lists(live: &Value, applied: &Value, shape: Shape) -> Vec<Value> {
    let keyed = |list: &Value| -> Vec<(String, Value)> {
        let items = list.as_array().into_iter().flatten();
        items
            .filter_map(|item| Some((shape.element(item).ok()?, item.clone())))
            .collect()
    };
    let (left, right) = (keyed(live), keyed(applied));
    let in_left = |e: &str| left.iter().any(|(l, _)| l == e);
    let in_right = |e: &str| right.iter().any(|(r, _)| r == e);
    let unique = |e: &str| {
        let mut found = left.iter().filter(|(l, _)| l == e);
        found
            .next()
            .filter(|_| found.next().is_none())
            .map(|(_, v)| v)
    };
    let items = shape.items();
    let mut shared = right.iter().map(|(e, _)| e.as_str()).filter(|e| in_left(e));
    let mut next_shared = shared.next();
    let mut done: Vec<&str> = Vec::new();
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        if let (Some((le, _)), Some((re, rv))) = (left.get(l), right.get(r)) {
            if le == re {
                done.push(re);
                out.push(merge(unique(re).unwrap_or(&Value::Null), rv, items));
                (l, r) = (l + 1, r + 1);
                next_shared = shared.next();
                continue;
            }
            if in_right(le) && next_shared.is_some_and(|n| n != le) {
                // Shared, and not the one whose turn it is.
                l += 1;
                continue;
            }
        }
        if let Some((le, lv)) = left.get(l) {
            if !in_right(le) {
                out.push(lv.clone());
                l += 1;
                continue;
            }
            if done.contains(&le.as_str()) {
                l += 1;
            }
        }
        if let Some((re, rv)) = right.get(r) {
            done.push(re);
            out.push(merge(unique(re).unwrap_or(&Value::Null), rv, items));
            r += 1;
            if next_shared == Some(re) {
                next_shared = shared.next();
            }
        }
    }
    out
}

/// The object without the members of a set. A list or map that loses all it had stays, empty.
pub(super) fn remove(value: &Value, gone: &Set, shape: Shape) -> Value {
    if let Value::Object(map) = value
        && shape.opens_map(value)
    {
        let mut out = Map::new();
        for (name, entry) in map {
            let (member, below) = look(gone, &format!("f:{name}"));
            if member {
                continue;
            }
            let kept = match below {
                Some(below) => remove(entry, below, shape.entry(name)),
                None => entry.clone(),
            };
            out.insert(name.clone(), kept);
        }
        return Value::Object(out);
    }
    if let Value::Array(list) = value
        && shape.opens_list(value)
    {
        let mut out = Vec::with_capacity(list.len());
        for item in list {
            let element = shape.element(item).unwrap_or_default();
            let (member, below) = look(gone, &element);
            if member {
                continue;
            }
            out.push(match below {
                Some(below) => remove(item, below, shape.items()),
                None => item.clone(),
            });
        }
        return Value::Array(out);
    }
    value.clone()
}
