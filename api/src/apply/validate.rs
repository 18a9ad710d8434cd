//! Whether a configuration fits its type, in the words of structured-merge-diff.

use super::set::print;
use super::shape::{Form, Shape};
use crate::facts::FieldType;
use serde_json::Value;

/// How many faults are told of.
const MAX_ERRORS: usize = 100;

/// What is wrong with a configuration: nothing, or upstream's text for all faults.
pub(super) fn check(value: &Value, shape: Shape) -> Result<(), String> {
    let mut errors = Vec::new();
    walk(value, shape, "", &mut errors);
    match errors.as_slice() {
        [] => Ok(()),
        [one] => Err(one.clone()),
        many => Err(format!("errors:\n  {}", many.join("\n  "))),
    }
}

fn fault(path: &str, message: String, errors: &mut Vec<String>) {
    if errors.len() < MAX_ERRORS {
        errors.push(if path.is_empty() {
            message
        } else {
            format!("{path}: {message}")
        });
    }
}

fn walk(value: &Value, shape: Shape, path: &str, errors: &mut Vec<String>) {
    if value.is_null() {
        return;
    }
    match shape.form {
        Form::Free => {}
        Form::Scalar(ty) => {
            if let Some(message) = scalar(value, ty) {
                fault(path, message, errors);
            }
        }
        Form::Struct(_) | Form::Map(_) => match value {
            Value::Object(map) => {
                for (name, entry) in map {
                    let path = format!("{path}.{name}");
                    if matches!(shape.form, Form::Struct(ty) if ty.field(name).is_none()) {
                        fault(&path, "field not declared in schema".to_owned(), errors);
                        return;
                    }
                    walk(entry, shape.entry(name), &path, errors);
                }
            }
            other => fault(
                path,
                format!("expected map, got &{{{}}}", go_value(other)),
                errors,
            ),
        },
        Form::List(_) | Form::Set(_) | Form::Keyed(..) => match value {
            Value::Array(list) => items(list, shape, path, errors),
            other => fault(
                path,
                format!("expected list, got &{{{}}}", go_value(other)),
                errors,
            ),
        },
    }
}

fn items(list: &[Value], shape: Shape, path: &str, errors: &mut Vec<String>) {
    let mut seen = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        let element = if matches!(shape.form, Form::List(_)) {
            format!("i:{index}")
        } else {
            match shape.element(item) {
                Ok(element) => element,
                Err(message) => return fault(path, format!("element {index}: {message}"), errors),
            }
        };
        let printed = print(&element);
        if seen.contains(&element) {
            fault(path, format!("duplicate entries for key {printed}"), errors);
        }
        walk(item, shape.items(), &format!("{path}{printed}"), errors);
        seen.push(element);
    }
}

fn scalar(value: &Value, ty: &FieldType) -> Option<String> {
    let go_type = match value {
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        Value::Null => return None,
    };
    match (ty, value) {
        (FieldType::Int32 | FieldType::Int64 | FieldType::Double, Value::Number(_)) => None,
        (FieldType::Int32 | FieldType::Int64 | FieldType::Double, _) => {
            Some(format!("expected numeric (int or float), got {go_type}"))
        }
        (FieldType::Bool, Value::Bool(_)) => None,
        (FieldType::Bool, other) => Some(format!("expected boolean, got &{{{}}}", go_value(other))),
        (FieldType::Quantity | FieldType::IntOrString, Value::Array(_) | Value::Object(_)) => {
            Some(format!("expected any scalar, got &{{{}}}", go_value(value)))
        }
        (FieldType::Quantity | FieldType::IntOrString, _) | (_, Value::String(_)) => None,
        (_, other) => Some(format!(
            "expected string, got &value.valueUnstructured{{Value:{}}}",
            go_syntax(other)
        )),
    }
}

/// `%v`
fn go_value(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => crate::gotext::list(&list.iter().map(go_value).collect::<Vec<_>>()),
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{k}:{}", go_value(v)))
                .collect();
            format!("map[{}]", entries.join(" "))
        }
        other => other.to_string(),
    }
}

/// `%#v`
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(text) => crate::gotext::quote(text),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(go_syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{}:{}", crate::gotext::quote(k), go_syntax(v)))
                .collect();
            format!("map[string]interface {{}}{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}
