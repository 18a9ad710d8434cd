//! Types of the facts table as OpenAPI schemas, in both versions of the format.
//!
//! They differ where upstream's differ: version 3 wraps references in `allOf`, carries the defaults that a Go zero value
//! stands for, enumerations, and `oneOf` for values of two types.

use super::descriptions::Descriptions;
use crate::facts::{Field, FieldType, ListKind, Omit, Type, type_named};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A version of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    V2,
    V3,
}

impl Format {
    /// A reference to a schema.
    pub(super) fn reference(self, name: &str) -> Value {
        let base = match self {
            Format::V2 => "#/definitions/",
            Format::V3 => "#/components/schemas/",
        };
        json!({"$ref": format!("{base}{name}")})
    }
}

/// Groups and versions that register `DeleteOptions` and `WatchEvent`: every one that is served.
pub(super) type GroupVersions = [(&'static str, &'static str)];

/// Schemas gathered while a document is made: what is asked for and everything that it refers to.
pub(super) struct Schemas<'a> {
    format: Format,
    words: &'a Descriptions,
    served: &'a GroupVersions,
    done: BTreeMap<&'static str, Value>,
    wanted: Vec<&'static str>,
}

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.";

impl<'a> Schemas<'a> {
    pub(super) fn new(format: Format, words: &'a Descriptions, served: &'a GroupVersions) -> Self {
        Schemas {
            format,
            words,
            served,
            done: BTreeMap::new(),
            wanted: Vec::new(),
        }
    }

    /// A reference to a type, which becomes part of the document.
    pub(super) fn refer(&mut self, name: &'static str) -> Value {
        self.wanted.push(name);
        self.format.reference(name)
    }

    /// All schemas, by name.
    pub(super) fn finish(mut self) -> Map<String, Value> {
        while let Some(name) = self.wanted.pop() {
            if self.done.contains_key(name) {
                continue;
            }
            self.done.insert(name, Value::Null);
            let schema = match type_named(name) {
                Some(ty) => self.object(ty),
                None => self.special(name),
            };
            self.done.insert(name, schema);
        }
        self.done
            .into_iter()
            .map(|(name, schema)| (name.to_owned(), schema))
            .collect()
    }

    fn object(&mut self, ty: &'static Type) -> Value {
        let mut schema = Map::new();
        if let Some(description) = self.words.of(ty) {
            schema.insert("description".to_owned(), description.into());
        }
        let mut properties = Map::new();
        for field in ty.fields {
            let property = self.property(ty, field);
            properties.insert(field.json.to_owned(), property);
        }
        if !properties.is_empty() {
            schema.insert("properties".to_owned(), properties.into());
        }
        let required: Vec<&str> = ty
            .fields
            .iter()
            .filter(|f| f.required)
            .map(|f| f.json)
            .collect();
        if !required.is_empty() {
            schema.insert("required".to_owned(), required.into());
        }
        schema.insert("type".to_owned(), "object".into());
        if let Some(gvks) = self.kinds(ty) {
            schema.insert("x-kubernetes-group-version-kind".to_owned(), gvks);
        }
        if ty.atomic {
            schema.insert("x-kubernetes-map-type".to_owned(), "atomic".into());
        }
        Value::Object(schema)
    }

    /// The kinds that a type is registered as.
    fn kinds(&self, ty: &Type) -> Option<Value> {
        let entry = |group: &str, version: &str, kind: &str| json!({"group": group, "kind": kind, "version": version});
        if matches!(
            ty.name.strip_prefix(META),
            Some("DeleteOptions" | "WatchEvent")
        ) {
            let kind = ty.short_name();
            return Some(self.served.iter().map(|(g, v)| entry(g, v, kind)).collect());
        }
        let (group, version, kind) = ty.gvk?;
        Some(json!([entry(group, version, kind)]))
    }

    fn property(&mut self, ty: &'static Type, field: &'static Field) -> Value {
        let mut schema = self.value(&field.ty, field.go, default_of(field, self.format));
        let Value::Object(map) = &mut schema else {
            return schema;
        };
        if let Some(description) = self.words.field(ty, field.json) {
            map.insert("description".to_owned(), description.into());
        }
        if self.format == Format::V3 && !field.enum_values.is_empty() {
            let values: Value = field.enum_values.into();
            match (&field.ty, map.get_mut("items")) {
                (FieldType::List(_), Some(items)) => items["enum"] = values,
                _ => {
                    map.insert("enum".to_owned(), values);
                }
            }
        }
        extensions(map, field);
        schema
    }

    /// The schema of a value; `default` is told in version 3 alone.
    fn value(&mut self, ty: &FieldType, go: &str, default: Option<Value>) -> Value {
        let mut schema = match ty {
            FieldType::String => json!({"type": "string"}),
            FieldType::Bool => json!({"type": "boolean"}),
            FieldType::Int32 if go == "uint32" => json!({"format": "int64", "type": "integer"}),
            FieldType::Int32 => json!({"format": "int32", "type": "integer"}),
            FieldType::Int64 => json!({"format": "int64", "type": "integer"}),
            FieldType::Double => json!({"format": "double", "type": "number"}),
            FieldType::Bytes => json!({"format": "byte", "type": "string"}),
            FieldType::List(element) => {
                let items = self.element(element);
                json!({"items": items, "type": "array"})
            }
            FieldType::Map(element) => {
                let values = self.element(element);
                json!({"additionalProperties": values, "type": "object"})
            }
            referred => return self.wrapped(referred_name(referred), default),
        };
        if let (Format::V3, Some(default)) = (self.format, default) {
            schema["default"] = default;
        }
        schema
    }

    fn element(&mut self, ty: &FieldType) -> Value {
        let default = match ty {
            FieldType::String => Some(json!("")),
            FieldType::Bool => Some(json!(false)),
            FieldType::Int32 | FieldType::Int64 | FieldType::Double => Some(json!(0)),
            FieldType::Message(_) => Some(json!({})),
            _ => None,
        };
        self.value(ty, "", default)
    }

    fn wrapped(&mut self, name: &'static str, default: Option<Value>) -> Value {
        let reference = self.refer(name);
        match (self.format, default) {
            (Format::V2, _) => reference,
            (Format::V3, Some(default)) => json!({"allOf": [reference], "default": default}),
            (Format::V3, None) => json!({"allOf": [reference]}),
        }
    }

    /// Types that the facts table keeps as scalars, and those that are no struct.
    fn special(&self, name: &str) -> Value {
        let mut schema = match name.rsplit('.').next().unwrap_or_default() {
            "Time" | "MicroTime" => json!({"format": "date-time", "type": "string"}),
            "Duration" => json!({"type": "string"}),
            "Quantity" => self.either("string", "number", json!({"type": "string"})),
            "IntOrString" => {
                let v2 = json!({"type": "string"});
                let mut schema = self.either("integer", "string", v2);
                schema["format"] = "int-or-string".into();
                schema
            }
            "RawExtension" | "FieldsV1" | "Patch" => json!({"type": "object"}),
            "Info" => version_info(),
            _ => json!({}),
        };
        if let Some(description) = self.words.named(name) {
            schema["description"] = description.into();
        }
        schema
    }

    fn either(&self, one: &str, other: &str, v2: Value) -> Value {
        match self.format {
            Format::V2 => v2,
            Format::V3 => json!({"oneOf": [{"type": one}, {"type": other}]}),
        }
    }
}

fn referred_name(ty: &FieldType) -> &'static str {
    match ty {
        FieldType::Time => "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
        FieldType::MicroTime => "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
        FieldType::Duration => "io.k8s.apimachinery.pkg.apis.meta.v1.Duration",
        FieldType::Quantity => "io.k8s.apimachinery.pkg.api.resource.Quantity",
        FieldType::IntOrString => "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
        FieldType::RawExtension => "io.k8s.apimachinery.pkg.runtime.RawExtension",
        FieldType::FieldsV1 => "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
        FieldType::OrBool(_) => {
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool"
        }
        FieldType::OrArray(_) => {
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray"
        }
        FieldType::OrStrings(_) => {
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray"
        }
        FieldType::Message(ty) => ty.name,
        _ => "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
    }
}

/// `version.Info`, which `/version` answers with and which is no API type.
fn version_info() -> Value {
    const REQUIRED: [&str; 9] = [
        "buildDate",
        "compiler",
        "gitCommit",
        "gitTreeState",
        "gitVersion",
        "goVersion",
        "major",
        "minor",
        "platform",
    ];
    const OPTIONAL: [&str; 4] = [
        "emulationMajor",
        "emulationMinor",
        "minCompatibilityMajor",
        "minCompatibilityMinor",
    ];
    let text = |name: &&str| ((*name).to_owned(), json!({"type": "string"}));
    let properties: Map<String, Value> = REQUIRED.iter().chain(&OPTIONAL).map(text).collect();
    json!({"properties": properties, "required": REQUIRED, "type": "object"})
}

/// The default that version 3 tells: a declared one, or the zero value of what Go always has.
fn default_of(field: &Field, format: Format) -> Option<Value> {
    if format == Format::V2 {
        return None;
    }
    if let Some(declared) = field.default.and_then(|d| serde_json::from_str(d).ok()) {
        return Some(declared);
    }
    if field.pointer {
        return None;
    }
    match (&field.ty, field.omit) {
        (FieldType::Message(_), _) => Some(json!({})),
        (FieldType::String, Omit::Never) => Some(json!("")),
        (FieldType::Bool, Omit::Never) => Some(json!(false)),
        (FieldType::Int32 | FieldType::Int64 | FieldType::Double, Omit::Never) => Some(json!(0)),
        _ => None,
    }
}

fn extensions(map: &mut Map<String, Value>, field: &Field) {
    let lists = matches!(field.ty, FieldType::List(_) | FieldType::Bytes);
    match field.list {
        ListKind::Unmarked => {}
        ListKind::Atomic if lists => {
            map.insert("x-kubernetes-list-type".to_owned(), "atomic".into());
        }
        ListKind::Atomic => {
            map.insert("x-kubernetes-map-type".to_owned(), "atomic".into());
        }
        ListKind::Granular => {
            map.insert("x-kubernetes-map-type".to_owned(), "granular".into());
        }
        ListKind::Set => {
            map.insert("x-kubernetes-list-type".to_owned(), "set".into());
        }
        ListKind::Map(keys) => {
            map.insert("x-kubernetes-list-type".to_owned(), "map".into());
            map.insert("x-kubernetes-list-map-keys".to_owned(), keys.into());
        }
    }
    let patch = field.patch;
    let words = [
        (patch.merge, "merge"),
        (patch.replace, "replace"),
        (patch.retain_keys, "retainKeys"),
    ];
    let strategy: Vec<&str> = words
        .into_iter()
        .filter(|(has, _)| *has)
        .map(|(_, word)| word)
        .collect();
    if !strategy.is_empty() {
        map.insert(
            "x-kubernetes-patch-strategy".to_owned(),
            strategy.join(",").into(),
        );
    }
    if let Some(key) = patch.merge_key {
        map.insert("x-kubernetes-patch-merge-key".to_owned(), key.into());
    }
}
