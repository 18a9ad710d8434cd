//! Strategic merge patch: a merge patch that knows which lists to merge, by which key, and takes directives.
//!
//! The directives are `$patch: replace|delete` in maps and list elements, `$retainKeys`, `$setElementOrder/FIELD` and
//! `$deleteFromPrimitiveList/FIELD`. Semantics follow `apimachinery/pkg/util/strategicpatch` as the server runs it (parallel
//! lists merged, unmatched nulls ignored).

use super::unprocessable;
use crate::facts::{FieldType, Patch, Type};
use crate::status::ApiError;
use serde_json::{Map, Value};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";
const ELEMENT_ORDER: &str = "$setElementOrder";

/// What is wrong with a patch.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("invalid patch format of primitive list")]
    BadPrimitiveList,
    #[error("invalid patch format of retainKeys")]
    BadRetainKeys,
    #[error("invalid patch format of setElementOrder list")]
    BadElementOrder,
    #[error("lists of lists are not supported")]
    ListOfLists,
    #[error("{0}")]
    Other(String),
}

impl From<Error> for ApiError {
    fn from(error: Error) -> ApiError {
        match error {
            Error::BadPrimitiveList | Error::BadRetainKeys | Error::BadElementOrder => {
                ApiError::bad_request(error.to_string())
            }
            Error::ListOfLists => unprocessable(),
            // Upstream does not map these: they surface as a bare 500.
            Error::Other(message) => ApiError::new(500, "", message),
        }
    }
}

type Outcome<T> = Result<T, Error>;

/// What is known of the values of a map or the elements of a list.
#[derive(Clone, Copy)]
enum Schema {
    Struct(&'static Type),
    /// A map from any key to values of one type.
    Map(&'static FieldType),
    /// Free-form: maps merge, lists are replaced.
    Free,
}

const NO_DIRECTIVES: Patch = Patch {
    merge: false,
    replace: false,
    retain_keys: false,
    merge_key: None,
};

impl Schema {
    fn of(ty: &FieldType) -> Schema {
        match ty {
            FieldType::Message(ty)
            | FieldType::OrBool(ty)
            | FieldType::OrArray(ty)
            | FieldType::OrStrings(ty) => Schema::Struct(ty),
            FieldType::Map(element) => Schema::Map(element),
            FieldType::List(element) => Schema::of(element),
            _ => Schema::Free,
        }
    }

    /// The schema and the directives of a field.
    fn field(self, name: &str) -> Outcome<(Schema, Patch)> {
        match self {
            Schema::Free => Ok((Schema::Free, NO_DIRECTIVES)),
            Schema::Map(element) => Ok((Schema::of(element), NO_DIRECTIVES)),
            Schema::Struct(ty) => match ty.field(name) {
                Some(field) => Ok((Schema::of(&field.ty), field.patch)),
                None => Err(Error::Other(format!(
                    "unable to find api field in struct {} for the json field {}",
                    ty.short_name(),
                    crate::gotext::quote(name)
                ))),
            },
        }
    }

    fn name(self) -> String {
        match self {
            Schema::Struct(ty) => ty.go.to_owned(),
            Schema::Map(_) | Schema::Free => "map".to_owned(),
        }
    }
}

pub(super) fn apply(
    original: Map<String, Value>,
    patch: &Map<String, Value>,
    ty: &'static Type,
) -> Outcome<Map<String, Value>> {
    merge_map(original, patch, Schema::Struct(ty))
}

fn merge_map(
    mut original: Map<String, Value>,
    patch: &Map<String, Value>,
    schema: Schema,
) -> Outcome<Map<String, Value>> {
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => Ok(patch
                .iter()
                .filter(|(k, _)| *k != DIRECTIVE)
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()),
            Some("delete") => Ok(Map::new()),
            _ => Err(bad_patch_type(directive, patch)),
        };
    }
    if let Some(keys) = patch.get(RETAIN_KEYS) {
        retain_keys(&mut original, patch, keys)?;
    }
    let mut done = vec![RETAIN_KEYS];
    for (key, order) in patch {
        if let Some(name) = directive_field(key, ELEMENT_ORDER, Error::BadElementOrder)? {
            done.push(key);
            if merge_in_order(&mut original, patch, name, order, schema)? {
                done.push(name);
            }
        }
    }
    for (key, value) in patch {
        if done.contains(&key.as_str()) {
            continue;
        }
        if let Some(name) = directive_field(key, DELETE_FROM, Error::BadPrimitiveList)? {
            delete_from_list(&mut original, name, value)?;
        } else {
            merge_field(&mut original, key, value, schema)?;
        }
    }
    Ok(original)
}

/// `FIELD` of `$directive/FIELD`; nothing when the key is another.
fn directive_field<'a>(key: &'a str, prefix: &str, malformed: Error) -> Outcome<Option<&'a str>> {
    match key.strip_prefix(prefix) {
        None => Ok(None),
        Some(rest) => rest.strip_prefix('/').map(Some).ok_or(malformed),
    }
}

fn merge_field(
    original: &mut Map<String, Value>,
    key: &str,
    patch: &Value,
    schema: Schema,
) -> Outcome<()> {
    if patch.is_null() {
        original.remove(key);
        return Ok(());
    }
    let merged = match (original.get_mut(key), patch) {
        (Some(Value::Object(map)), Value::Object(patch)) => {
            let (inner, how) = schema.field(key)?;
            let map = std::mem::take(map);
            Some(Value::Object(if how.replace {
                patch.clone()
            } else {
                merge_map(map, patch, inner)?
            }))
        }
        (Some(Value::Array(list)), Value::Array(patch)) => {
            let (inner, how) = schema.field(key)?;
            let list = std::mem::take(list);
            Some(Value::Array(if how.merge {
                merge_list(list, patch, inner, how.merge_key)?
            } else {
                patch.clone()
            }))
        }
        _ => {
            let mut value = patch.clone();
            discard_nulls(&mut value);
            without_directives(value)
        }
    };
    match merged {
        Some(value) => original.insert(key.to_owned(), value),
        None => original.remove(key),
    };
    Ok(())
}

/// A patch that meets nothing to merge with: its nulls mean nothing.
fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, v| !v.is_null());
            map.values_mut().for_each(discard_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}

/// The value without maps that carry a directive; nothing if it is one.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(map) if map.contains_key(DIRECTIVE) => None,
        Value::Object(map) => Some(Value::Object(
            map.into_iter()
                .filter_map(|(k, v)| Some((k, without_directives(v)?)))
                .collect(),
        )),
        Value::Array(list) => Some(Value::Array(
            list.into_iter().filter_map(without_directives).collect(),
        )),
        other => Some(other),
    }
}

/// Clears the fields that `$retainKeys` does not list, after checking that it lists those that the patch sets.
fn retain_keys(
    original: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    keys: &Value,
) -> Outcome<()> {
    let keys = keys.as_array().ok_or(Error::BadRetainKeys)?;
    let listed = |name: &str| keys.iter().any(|k| k.as_str() == Some(name));
    for (name, value) in patch {
        let directive =
            name == RETAIN_KEYS || name.starts_with(DELETE_FROM) || name.starts_with(ELEMENT_ORDER);
        if !value.is_null() && !directive && !listed(name) {
            return Err(Error::BadRetainKeys);
        }
    }
    original.retain(|name, _| listed(name));
    Ok(())
}

fn delete_from_list(original: &mut Map<String, Value>, name: &str, gone: &Value) -> Outcome<()> {
    let Some(Value::Array(list)) = original.get_mut(name) else {
        return Ok(());
    };
    let Value::Array(gone) = gone else {
        return Ok(());
    };
    if list.iter().chain(gone).any(Value::is_object) {
        return Err(Error::Other(format!(
            "cannot merge lists without merge key for {name}"
        )));
    }
    list.retain(|v| !gone.contains(v));
    Ok(())
}

/// Merges the list `name` and puts it in the order that the patch asks for. Answers whether the patch's list is done with.
fn merge_in_order(
    original: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    name: &str,
    order: &Value,
    schema: Schema,
) -> Outcome<bool> {
    let list_of = |value: Option<&Value>| match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(list)) => Ok(Some(list.clone())),
        Some(other) => Err(Error::Other(format!(
            "expected a []interface {{}}, but received a {}",
            kind(other)
        ))),
    };
    let order = list_of(Some(order))?.unwrap_or_default();
    let (inner, how) = schema.field(name)?;
    let (live, given) = (list_of(original.get(name))?, list_of(patch.get(name))?);
    check_order(given.as_deref().unwrap_or_default(), &order, how.merge_key)?;
    let merged = match (live.clone(), &given) {
        (Some(live), None) => live,
        (None, Some(given)) => match without_directives(Value::Array(given.clone())) {
            Some(Value::Array(list)) => list,
            _ => return Ok(false),
        },
        (Some(live), Some(given)) if how.merge => merge_list(live, given, inner, how.merge_key)?,
        (Some(_), Some(given)) => given.clone(),
        (None, None) => return Ok(false),
    };
    let in_order = arrange(
        merged,
        &order,
        live.as_deref().unwrap_or_default(),
        how.merge_key,
    )?;
    original.insert(name.to_owned(), Value::Array(in_order));
    Ok(given.is_some())
}

/// The patch's elements must come in the order that the patch itself asks for.
fn check_order(given: &[Value], order: &[Value], merge_key: Option<&str>) -> Outcome<()> {
    if given.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut wanted = order.iter();
    for element in given.iter().filter(|e| e.get(DIRECTIVE).is_none()) {
        let identity = identity(element, merge_key)?;
        let mut found = false;
        for candidate in wanted.by_ref() {
            if self::identity(candidate, merge_key)? == identity {
                found = true;
                break;
            }
        }
        if !found {
            let (given, order) = (Value::from(given.to_vec()), Value::from(order.to_vec()));
            return Err(Error::Other(format!(
                "The order in patch list:\n{given}\n doesn't match {ELEMENT_ORDER} list:\n{order}\n"
            )));
        }
    }
    Ok(())
}

fn merge_list(
    original: Vec<Value>,
    patch: &[Value],
    schema: Schema,
    merge_key: Option<&str>,
) -> Outcome<Vec<Value>> {
    let Some(first) = original.iter().chain(patch).next() else {
        return Ok(original);
    };
    if first.is_array() {
        return Err(Error::ListOfLists);
    }
    let maps = first.is_object();
    if original.iter().chain(patch).any(|v| kind(v) != kind(first)) {
        let (original, patch) = (Value::from(original), Value::from(patch.to_vec()));
        return Err(Error::Other(format!(
            "list element types are not identical: [{original} {patch}]"
        )));
    }
    if !maps {
        let mut merged = original.clone();
        merged.extend(patch.iter().cloned());
        dedup(&mut merged);
        return arrange(merged, patch, &original, None);
    }
    let Some(key) = merge_key else {
        return Err(Error::Other(format!(
            "cannot merge lists without merge key for {}",
            schema.name()
        )));
    };
    let (server, patch) = special_elements(original, patch, key)?;
    let merged = merge_elements(server.clone(), &patch, key, schema)?;
    arrange(merged, &patch, &server, Some(key))
}

fn dedup(list: &mut Vec<Value>) {
    let mut seen: Vec<Value> = Vec::with_capacity(list.len());
    for value in list.drain(..) {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    *list = seen;
}

/// Does what `$patch` in elements asks for: `delete` takes the element of that key away, `replace` anywhere replaces the
/// whole list by the patch's other elements.
fn special_elements(
    mut original: Vec<Value>,
    patch: &[Value],
    key: &str,
) -> Outcome<(Vec<Value>, Vec<Value>)> {
    let mut ordinary = Vec::new();
    let mut replace = false;
    for element in patch {
        let Some(map) = element.as_object() else {
            continue;
        };
        let Some(directive) = map.get(DIRECTIVE) else {
            ordinary.push(element.clone());
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let gone = map.get(key).ok_or_else(|| no_merge_key(map, key))?;
                original.retain(|v| v.get(key) != Some(gone));
            }
            Some("replace") => replace = true,
            Some("merge") => {
                return Err(Error::Other(
                    "merging lists cannot yet be specified in the patch".to_owned(),
                ));
            }
            _ => return Err(bad_patch_type(directive, map)),
        }
    }
    Ok(if replace {
        (ordinary, Vec::new())
    } else {
        (original, ordinary)
    })
}

fn merge_elements(
    mut list: Vec<Value>,
    patch: &[Value],
    key: &str,
    schema: Schema,
) -> Outcome<Vec<Value>> {
    for element in patch {
        let Some(map) = element.as_object() else {
            continue;
        };
        let identity = map.get(key).ok_or_else(|| no_merge_key(map, key))?;
        match list.iter_mut().find(|v| v.get(key) == Some(identity)) {
            Some(Value::Object(found)) => *found = merge_map(std::mem::take(found), map, schema)?,
            _ => list.push(element.clone()),
        }
    }
    Ok(list)
}

/// What tells an element apart: the merge key's value, or the scalar itself.
fn identity<'a>(element: &'a Value, merge_key: Option<&str>) -> Outcome<&'a Value> {
    match (merge_key, element) {
        (Some(key), Value::Object(map)) => map.get(key).ok_or_else(|| no_merge_key(map, key)),
        (Some(_), other) => Err(Error::Other(format!(
            "expected a map[string]interface {{}}, but received a {}",
            kind(other)
        ))),
        (None, element) => Ok(element),
    }
}

/// Orders a merged list: elements that the patch names in the patch's order, the others in the server's, and the two
/// interleaved as the server had them where it had both.
fn arrange(
    merged: Vec<Value>,
    patch_order: &[Value],
    server_order: &[Value],
    key: Option<&str>,
) -> Outcome<Vec<Value>> {
    let position = |order: &[Value], element: &Value| -> Outcome<Option<usize>> {
        let wanted = identity(element, key)?;
        for (i, candidate) in order.iter().enumerate() {
            let found = key.map_or(Some(candidate), |k| candidate.get(k));
            if found == Some(wanted) {
                return Ok(Some(i));
            }
        }
        Ok(None)
    };
    let mut named = Vec::new();
    let mut others = Vec::new();
    for element in merged {
        let server = position(server_order, &element)?;
        match position(patch_order, &element)? {
            Some(at) => named.push((at, server, element)),
            None => others.push((server, element)),
        }
    }
    named.sort_by_key(|(at, ..)| *at);
    others.sort_by_key(|(server, _)| server.unwrap_or(usize::MAX));
    let mut out = Vec::with_capacity(named.len() + others.len());
    let mut others = others.into_iter().peekable();
    for (_, server, element) in named {
        while let Some((Some(other), _)) = others.peek()
            && server.is_some_and(|at| *other < at)
        {
            out.extend(others.next().map(|(_, e)| e));
        }
        out.push(element);
    }
    out.extend(others.map(|(_, e)| e));
    Ok(out)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

fn no_merge_key(map: &Map<String, Value>, key: &str) -> Error {
    Error::Other(format!(
        "map: {} does not contain declared merge key: {key}",
        go_map(map)
    ))
}

fn bad_patch_type(directive: &Value, map: &Map<String, Value>) -> Error {
    let directive = directive
        .as_str()
        .map_or_else(|| directive.to_string(), str::to_owned);
    Error::Other(format!(
        "unknown patch type: {directive} in map: {}",
        go_map(map)
    ))
}

/// `%v` of a map.
fn go_map(map: &Map<String, Value>) -> String {
    let entries: Vec<String> = map
        .iter()
        .map(|(k, v)| format!("{k}:{}", go_value(v)))
        .collect();
    format!("map[{}]", entries.join(" "))
}

fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => crate::gotext::list(&list.iter().map(go_value).collect::<Vec<_>>()),
        Value::Object(map) => go_map(map),
        other => other.to_string(),
    }
}
