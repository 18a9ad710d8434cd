//! How server-side apply sees a value: which parts of it can be owned one by one.
//!
//! Shapes come from the facts table (`+listType`, `+mapType`, `+structType`); upstream derives them from its OpenAPI document,
//! with the same outcome.

use crate::facts::{Field, FieldType, ListKind, Type};
use serde_json::{Map, Value};

/// What a value is.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// One value.
    Scalar(&'static FieldType),
    /// A struct.
    Struct(&'static Type),
    /// A map with values of one type.
    Map(&'static FieldType),
    /// A list without identity of its elements.
    List(&'static FieldType),
    /// A list of unique scalars.
    Set(&'static FieldType),
    /// A list of structs told apart by keys.
    Keyed(&'static [&'static str], &'static FieldType),
    /// Whatever it turns out to be: maps are owned key by key, all else whole.
    Free,
}

/// What a value is, and whether it is owned as a whole.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub form: Form,
    pub atomic: bool,
}

impl Shape {
    /// Of an object.
    pub(super) fn root(ty: &'static Type) -> Shape {
        Shape {
            form: Form::Struct(ty),
            atomic: ty.atomic,
        }
    }

    /// Of a struct's field.
    pub(super) fn of_field(field: &'static Field) -> Shape {
        Shape::new(&field.ty, field.list)
    }

    /// Of an element of a list or map.
    pub(super) fn of_element(ty: &'static FieldType) -> Shape {
        Shape::new(ty, ListKind::Unmarked)
    }

    fn new(ty: &'static FieldType, list: ListKind) -> Shape {
        let atomic = list == ListKind::Atomic;
        match ty {
            FieldType::Message(message) => Shape {
                form: Form::Struct(message),
                atomic: atomic || (message.atomic && list != ListKind::Granular),
            },
            FieldType::Map(element) => Shape {
                form: Form::Map(element),
                atomic,
            },
            FieldType::List(element) => match list {
                ListKind::Set => Shape {
                    form: Form::Set(element),
                    atomic: false,
                },
                ListKind::Map(keys) => Shape {
                    form: Form::Keyed(keys, element),
                    atomic: false,
                },
                ListKind::Atomic | ListKind::Unmarked | ListKind::Granular => Shape {
                    form: Form::List(element),
                    atomic: true,
                },
            },
            FieldType::RawExtension | FieldType::FieldsV1 => Shape {
                form: Form::Free,
                atomic,
            },
            FieldType::Json
            | FieldType::OrBool(_)
            | FieldType::OrArray(_)
            | FieldType::OrStrings(_) => Shape {
                form: Form::Free,
                atomic: true,
            },
            scalar => Shape {
                form: Form::Scalar(scalar),
                atomic: false,
            },
        }
    }

    /// Of what is below an element of a set.
    pub(super) fn at(self, element: &str) -> Shape {
        let free = Shape {
            form: Form::Free,
            atomic: false,
        };
        match (self.form, element.strip_prefix("f:")) {
            (Form::Struct(ty), Some(name)) => ty.field(name).map_or(free, Shape::of_field),
            (Form::Map(element), Some(_)) => Shape::of_element(element),
            (Form::Keyed(_, element) | Form::Set(element), None) => Shape::of_element(element),
            _ => free,
        }
    }

    /// Of a struct's or map's entry.
    pub(super) fn entry(self, name: &str) -> Shape {
        match self.form {
            Form::Struct(ty) => ty.field(name).map_or(
                Shape {
                    form: Form::Free,
                    atomic: false,
                },
                Shape::of_field,
            ),
            Form::Map(element) => Shape::of_element(element),
            _ => Shape {
                form: Form::Free,
                atomic: false,
            },
        }
    }

    /// Whether a value is looked into, entry by entry: it is a map, and nothing owns it whole.
    pub(super) fn opens_map(self, value: &Value) -> bool {
        !self.atomic
            && value.is_object()
            && matches!(self.form, Form::Struct(_) | Form::Map(_) | Form::Free)
    }

    /// Whether a value is looked into, element by element.
    pub(super) fn opens_list(self, value: &Value) -> bool {
        !self.atomic && value.is_array() && matches!(self.form, Form::Set(_) | Form::Keyed(..))
    }

    /// The shape of a list's elements.
    pub(super) fn items(self) -> Shape {
        match self.form {
            Form::List(element) | Form::Set(element) | Form::Keyed(_, element) => {
                Shape::of_element(element)
            }
            _ => Shape {
                form: Form::Free,
                atomic: true,
            },
        }
    }

    /// The path element of a list's element; what is wrong with it if it has none.
    pub(super) fn element(self, item: &Value) -> Result<String, String> {
        match self.form {
            Form::Keyed(keys, ty) => keyed(keys, ty, item),
            _ => match item {
                Value::Object(_) => {
                    Err("associative list without keys has an element that's a map type".to_owned())
                }
                Value::Array(_) => {
                    Err("not supported: associative list with lists as elements".to_owned())
                }
                Value::Null => Err(
                    "associative list without keys has an element that's an explicit null"
                        .to_owned(),
                ),
                scalar => Ok(format!("v:{scalar}")),
            },
        }
    }
}

/// `k:{...}` of an element: its keys, those it leaves out by their defaults.
fn keyed(keys: &[&str], ty: &FieldType, item: &Value) -> Result<String, String> {
    let map = match item {
        Value::Object(map) => map,
        Value::Null => {
            return Err("associative list with keys may not have a null element".to_owned());
        }
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    };
    let declared = |key: &str| {
        let default = ty.message()?.field(key)?.default?;
        serde_json::from_str::<Value>(default).ok()
    };
    // The common case is one key with a plain text.
    if let ([key], Some(Value::String(text))) = (keys, keys.first().and_then(|k| map.get(*k))) {
        return Ok(format!("k:{{\"{key}\":{}}}", Value::String(text.clone())));
    }
    let mut found = Map::new();
    for key in keys {
        if let Some(value) = map.get(*key).cloned().or_else(|| declared(key)) {
            found.insert((*key).to_owned(), value);
        }
    }
    if found.is_empty() && !keys.is_empty() {
        let quoted: Vec<String> = keys.iter().map(|k| crate::gotext::quote(k)).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields {} (and doesn't have default values for any key fields)",
            crate::gotext::list(&quoted)
        ));
    }
    Ok(format!("k:{}", Value::Object(found)))
}
