//! What Kubernetes 1.36's API is made of, as static tables: every type with its fields, every built-in resource.
//!
//! The tables under `generated/` are written by `api/facts-gen` from the Go modules `k8s.io/api`, `apimachinery`,
//! `apiextensions-apiserver` and `kube-aggregator`: run it again for a new release, change nothing there by hand.
//! What those modules do not say (short names, categories, verbs, subresources) is in `resource_table.rs`.
//! Nothing here is a rule: rules are one file per kind in the API server.

#[allow(
    missing_docs,
    unused_imports,
    unused_qualifications,
    reason = "written by api/facts-gen"
)]
mod generated;
mod resource_table;
mod resources;

pub use resource_table::RESOURCES;
pub use resources::{Resource, Subresource, kind, resource};

/// A type of the API: a struct of upstream's Go packages.
#[derive(Debug)]
pub struct Type {
    /// The OpenAPI name, for example `io.k8s.api.core.v1.PodSpec`.
    pub name: &'static str,
    /// Go's name with its package, for example `v1.PodSpec`, as JSON type errors print it.
    pub go: &'static str,
    /// Group, version and kind, for types that are whole objects.
    pub gvk: Option<(&'static str, &'static str, &'static str)>,
    /// The fields as JSON shows them, embedded structs flattened, sorted by their JSON names.
    pub fields: &'static [Field],
    /// Whether server-side apply takes the struct as a whole (`+structType=atomic`).
    pub atomic: bool,
}

/// One field of a [`Type`].
#[derive(Debug)]
pub struct Field {
    /// The JSON name.
    pub json: &'static str,
    /// The protobuf number; 0 where protobuf has no such field (`apiVersion` and `kind`).
    pub number: u32,
    /// The protobuf numbers of the embedded messages that this field is flattened out of, outermost first; mostly empty.
    pub through: &'static [u32],
    /// The type of the value.
    pub ty: FieldType,
    /// Go's type, as JSON type errors print it: `int32`, `[]v1.Container`.
    pub go: &'static str,
    /// How server-side apply sees the list or map.
    pub list: ListKind,
    /// How strategic merge patch sees the field.
    pub patch: Patch,
    /// Whether OpenAPI lists the field as required.
    pub required: bool,
    /// Whether Go holds the field by pointer, so that absent and zero differ.
    pub pointer: bool,
    /// When Go's encoder leaves the field out.
    pub omit: Omit,
    /// The default the type itself declares, as JSON.
    pub default: Option<&'static str>,
    /// The values of an enumeration (`+enum`).
    pub enum_values: &'static [&'static str],
}

/// The type of a field's value, or of a list's or map's elements.
#[derive(Clone, Copy, Debug)]
pub enum FieldType {
    /// JSON string.
    String,
    /// JSON boolean.
    Bool,
    /// Whole number of 32 bits.
    Int32,
    /// Whole number of 64 bits.
    Int64,
    /// Floating point.
    Double,
    /// Base64 text.
    Bytes,
    /// RFC 3339 with whole seconds.
    Time,
    /// RFC 3339 with microseconds.
    MicroTime,
    /// Go's duration text, `1h30m`.
    Duration,
    /// `resource.Quantity`: text, numbers accepted.
    Quantity,
    /// A number of 32 bits, or text.
    IntOrString,
    /// Any object, with its own apiVersion and kind.
    RawExtension,
    /// The set of fields in a `managedFields` entry.
    FieldsV1,
    /// Any JSON (`apiextensions` defaults, examples, enums).
    Json,
    /// A schema, or a boolean (`JSONSchemaPropsOrBool`).
    OrBool(&'static Type),
    /// A schema, or a list of schemas (`JSONSchemaPropsOrArray`).
    OrArray(&'static Type),
    /// A schema, or a list of strings (`JSONSchemaPropsOrStringArray`).
    OrStrings(&'static Type),
    /// A struct.
    Message(&'static Type),
    /// A list.
    List(&'static FieldType),
    /// A map from strings.
    Map(&'static FieldType),
}

/// How server-side apply and structural validation see a list or map (`+listType`, `+mapType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// No marker: lists are atomic, maps and structs granular.
    Unmarked,
    /// Owned and replaced as a whole.
    Atomic,
    /// Owned entry by entry, even if its type is atomic elsewhere (`+structType=granular`, `+mapType=granular`).
    Granular,
    /// A list of unique scalars, owned one by one.
    Set,
    /// A list of structs told apart by these fields.
    Map(&'static [&'static str]),
}

/// How strategic merge patch sees a field (`patchStrategy`, `patchMergeKey`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Lists are merged, not replaced.
    pub merge: bool,
    /// The struct is replaced as a whole.
    pub replace: bool,
    /// Fields of the struct that the patch does not list in `$retainKeys` are cleared.
    pub retain_keys: bool,
    /// What tells the elements of a merged list of structs apart.
    pub merge_key: Option<&'static str>,
}

/// When Go's JSON encoder leaves a field out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omit {
    /// Never: the zero value is written.
    Never,
    /// `omitempty`: empty text, zero, false, nil, and empty lists and maps; never a struct.
    Empty,
    /// `omitzero`: the zero value, structs included.
    Zero,
}

/// A field without strategic merge directives.
const NO_PATCH: Patch = Patch {
    merge: false,
    replace: false,
    retain_keys: false,
    merge_key: None,
};

/// What an ordinary optional field is, for the generated tables to differ from.
const FIELD: Field = Field {
    json: "",
    number: 0,
    through: &[],
    ty: FieldType::String,
    go: "",
    list: ListKind::Unmarked,
    patch: NO_PATCH,
    required: false,
    pointer: false,
    omit: Omit::Empty,
    default: None,
    enum_values: &[],
};

impl Type {
    /// The field of this JSON name.
    pub fn field(&self, json: &str) -> Option<&'static Field> {
        let fields: &'static [Field] = self.fields;
        fields
            .binary_search_by(|f| f.json.cmp(json))
            .ok()
            .map(|i| &fields[i])
    }

    /// Go's name without its package: `PodSpec`.
    pub fn short_name(&self) -> &'static str {
        self.go.rsplit_once('.').map_or(self.go, |(_, name)| name)
    }
}

impl FieldType {
    /// The type of a list's elements.
    pub fn element(&self) -> Option<&'static FieldType> {
        if let FieldType::List(element) = self {
            Some(element)
        } else {
            None
        }
    }

    /// The struct, if the value is one.
    pub fn message(&self) -> Option<&'static Type> {
        if let FieldType::Message(ty) = self {
            Some(ty)
        } else {
            None
        }
    }
}

/// Every type, sorted by [`Type::name`].
pub fn types() -> &'static [&'static Type] {
    generated::TYPES
}

/// The type of an OpenAPI name.
pub fn type_named(name: &str) -> Option<&'static Type> {
    generated::TYPES
        .binary_search_by(|t| t.name.cmp(name))
        .ok()
        .map(|i| generated::TYPES[i])
}
