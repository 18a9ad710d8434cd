//! From Go declarations to what the tables say: JSON fields, flattened, with their types resolved across packages.

use crate::gosource::{self, Declaration, Package, Shape, StructField};
use crate::gotype::GoType;
use crate::packages::{SOURCES, Source};
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;

/// How deep embedded structs and named types may nest before it is taken for a loop.
const MAX_DEPTH: usize = 16;

/// Everything the tables tell.
pub struct Model {
    /// One entry for each package, in the order of [`SOURCES`].
    pub packages: Vec<PackageModel>,
}

/// The types of one package.
pub struct PackageModel {
    /// Where it comes from.
    pub source: &'static Source,
    /// The structs, by Go's name.
    pub types: BTreeMap<String, TypeModel>,
}

/// One struct.
pub struct TypeModel {
    /// Whether it is an object of its own, with kind and apiVersion.
    pub object: bool,
    /// `+structType=atomic`
    pub atomic: bool,
    /// Flattened, sorted by JSON name.
    pub fields: Vec<FieldModel>,
    /// Every protobuf number of the struct itself, embedded messages included as one.
    pub numbers: Vec<u32>,
}

/// One JSON field.
#[derive(Clone)]
pub struct FieldModel {
    pub json: String,
    pub number: u32,
    pub through: Vec<u32>,
    pub ty: Ty,
    pub go: String,
    pub list: List,
    pub strategy: String,
    pub merge_key: Option<String>,
    pub required: bool,
    pub pointer: bool,
    pub omit: Omit,
    pub default: Option<String>,
    pub enum_values: Vec<String>,
}

/// A resolved type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ty {
    /// A scalar: the name of the variant of `FieldType`.
    Scalar(&'static str),
    /// A struct of a package.
    Message(&'static str, String),
    /// A struct, or something simpler: the variant of `FieldType`, the package and the struct.
    Or(&'static str, &'static str, String),
    List(Box<Ty>),
    Map(Box<Ty>),
}

/// `+listType`, `+mapType` and `+structType` of a field.
#[derive(Clone)]
pub enum List {
    Unmarked,
    Atomic,
    Granular,
    Set,
    Map(Vec<String>),
}

/// `omitempty` and `omitzero`.
#[derive(Clone, Copy)]
pub enum Omit {
    Never,
    Empty,
    Zero,
}

struct Builder<'a> {
    packages: &'a BTreeMap<&'static str, Package>,
}

/// Go's named types whose JSON is not that of their declaration.
const SPECIAL: &[(&str, &str, &str)] = &[
    ("apimachinery/pkg/apis/meta/v1", "Time", "Time"),
    ("apimachinery/pkg/apis/meta/v1", "MicroTime", "MicroTime"),
    ("apimachinery/pkg/apis/meta/v1", "Duration", "Duration"),
    ("apimachinery/pkg/apis/meta/v1", "FieldsV1", "FieldsV1"),
    ("apimachinery/pkg/api/resource", "Quantity", "Quantity"),
    ("apimachinery/pkg/util/intstr", "IntOrString", "IntOrString"),
    ("apimachinery/pkg/runtime", "RawExtension", "RawExtension"),
    (
        "apiextensions-apiserver/pkg/apis/apiextensions/v1",
        "JSON",
        "Json",
    ),
];

/// Named string types of packages that are not read.
const STRINGS: &[(&str, &str)] = &[
    ("apimachinery/pkg/types", "UID"),
    ("apimachinery/pkg/types", "NodeName"),
    ("apimachinery/pkg/types", "NamespacedName"),
    ("apimachinery/pkg/types", "PatchType"),
];

/// Structs that are a struct or something simpler in JSON.
const EITHER: &[(&str, &str, &str)] = &[
    ("JSONSchemaPropsOrBool", "OrBool", "JSONSchemaProps"),
    ("JSONSchemaPropsOrArray", "OrArray", "JSONSchemaProps"),
    (
        "JSONSchemaPropsOrStringArray",
        "OrStrings",
        "JSONSchemaProps",
    ),
];

const APIEXTENSIONS: &str = "apiextensions-apiserver/pkg/apis/apiextensions/v1";

/// Types of `meta/v1` that are not on the wire, or that are told by a scalar.
const SKIPPED: &[&str] = &[
    "Time",
    "MicroTime",
    "Duration",
    "FieldsV1",
    "JSON",
    "InternalEvent",
    "Timestamp",
    "LabelSelectorAsSelector",
];

pub fn build(packages: &BTreeMap<&'static str, Package>) -> Result<Model> {
    let builder = Builder { packages };
    let mut out = Vec::new();
    for source in SOURCES {
        let mut types = BTreeMap::new();
        for (name, declaration) in &packages[source.path].types {
            if let Shape::Struct(fields) = &declaration.shape
                && name.starts_with(char::is_uppercase)
                && !SKIPPED.contains(&name.as_str())
                && !EITHER.iter().any(|e| e.0 == name)
            {
                let ty = builder
                    .type_model(source.path, declaration, fields)
                    .with_context(|| format!("{}.{name}", source.path))?;
                types.insert(name.clone(), ty);
            }
        }
        out.push(PackageModel { source, types });
    }
    Ok(Model { packages: out })
}

impl Builder<'_> {
    fn type_model(
        &self,
        package: &'static str,
        declaration: &Declaration,
        fields: &[StructField],
    ) -> Result<TypeModel> {
        let mut flat = Vec::new();
        self.flatten(package, declaration, fields, &[], &mut flat, 0)?;
        flat.sort_by(|a, b| a.json.cmp(&b.json));
        flat.dedup_by(|a, b| a.json == b.json);
        let numbers = fields.iter().filter_map(number).collect();
        Ok(TypeModel {
            object: fields
                .iter()
                .any(|f| f.embedded && f.name == "TypeMeta" && inlined(f)),
            atomic: gosource::marker(&declaration.markers, "structType") == Some("atomic"),
            fields: flat,
            numbers,
        })
    }

    /// Adds the JSON fields of a struct, those of structs embedded without a JSON name in place of the struct.
    fn flatten(
        &self,
        package: &'static str,
        declaration: &Declaration,
        fields: &[StructField],
        through: &[u32],
        out: &mut Vec<FieldModel>,
        depth: usize,
    ) -> Result<()> {
        if depth > MAX_DEPTH {
            bail!("embedded too deep");
        }
        for field in fields {
            if field.tag("json") == Some("-") {
                continue;
            }
            if inlined(field) {
                let (home, name) = self.locate(package, declaration, &field.ty)?;
                let inner = self.declaration(home, &name)?;
                let Shape::Struct(inner_fields) = &inner.shape else {
                    bail!("{name} is no struct")
                };
                let mut path = through.to_vec();
                path.extend(number(field));
                self.flatten(home, inner, inner_fields, &path, out, depth + 1)?;
            } else {
                let mut model = self
                    .field_model(package, declaration, field)
                    .with_context(|| field.name.clone())?;
                model.through = through.to_vec();
                out.push(model);
            }
        }
        Ok(())
    }

    fn field_model(
        &self,
        package: &'static str,
        declaration: &Declaration,
        field: &StructField,
    ) -> Result<FieldModel> {
        let tag = field.tag("json").unwrap_or_default();
        let mut tag_parts = tag.split(',');
        let json = tag_parts
            .next()
            .filter(|n| !n.is_empty())
            .unwrap_or(&field.name)
            .to_owned();
        let options: Vec<&str> = tag_parts.collect();
        let omit = match (
            options.contains(&"omitzero"),
            options.contains(&"omitempty"),
        ) {
            (true, _) => Omit::Zero,
            (_, true) => Omit::Empty,
            _ => Omit::Never,
        };
        let (pointer, bare) = match &field.ty {
            GoType::Pointer(inner) => (true, inner.as_ref()),
            other => (false, other),
        };
        let ty = self.resolve(package, declaration, bare, 0)?;
        let optional = field.marker("optional").is_some()
            || options.contains(&"omitempty")
            || options.contains(&"omitzero");
        Ok(FieldModel {
            json,
            number: number(field).unwrap_or_default(),
            through: Vec::new(),
            go: self.go_text(package, declaration, bare)?,
            list: list_kind(field, self.type_markers(package, declaration, bare)),
            strategy: field.tag("patchStrategy").unwrap_or_default().to_owned(),
            merge_key: field.tag("patchMergeKey").map(str::to_owned),
            required: field.marker("required").is_some() || !optional,
            pointer,
            omit,
            default: self.default(package, declaration, field, bare)?,
            enum_values: self.enum_values(package, declaration, bare),
            ty,
        })
    }

    /// The package and name of a named type, seen from a file.
    fn locate(
        &self,
        package: &'static str,
        from: &Declaration,
        ty: &GoType,
    ) -> Result<(&'static str, String)> {
        match ty {
            GoType::Name(name) => Ok((package, name.clone())),
            GoType::Qualified(import, name) => {
                let path = from
                    .imports
                    .get(import)
                    .with_context(|| format!("{import} is not imported"))?;
                let path = path.strip_prefix("k8s.io/").unwrap_or(path);
                let known = SOURCES.iter().map(|s| s.path);
                let others = SPECIAL
                    .iter()
                    .map(|s| s.0)
                    .chain(STRINGS.iter().map(|s| s.0));
                let home = known.chain(others).find(|p| *p == path);
                Ok((
                    home.with_context(|| format!("{path} is not read"))?,
                    name.clone(),
                ))
            }
            GoType::Pointer(inner) => self.locate(package, from, inner),
            other => bail!("{other:?} has no name"),
        }
    }

    fn declaration(&self, package: &'static str, name: &str) -> Result<&Declaration> {
        let types = &self
            .packages
            .get(package)
            .with_context(|| format!("{package} is not read"))?
            .types;
        types
            .get(name)
            .with_context(|| format!("{package}.{name} is not declared"))
    }

    fn resolve(
        &self,
        package: &'static str,
        from: &Declaration,
        ty: &GoType,
        depth: usize,
    ) -> Result<Ty> {
        if depth > MAX_DEPTH {
            bail!("named too deep");
        }
        match ty {
            GoType::Pointer(inner) => return self.resolve(package, from, inner, depth + 1),
            GoType::Slice(inner) if is_byte(inner) => return Ok(Ty::Scalar("Bytes")),
            GoType::Slice(inner) => {
                return Ok(Ty::List(Box::new(self.resolve(
                    package,
                    from,
                    inner,
                    depth + 1,
                )?)));
            }
            GoType::Map(_, value) => {
                return Ok(Ty::Map(Box::new(self.resolve(
                    package,
                    from,
                    value,
                    depth + 1,
                )?)));
            }
            GoType::Name(name) => {
                if let Some(scalar) = builtin(name) {
                    return Ok(Ty::Scalar(scalar));
                }
            }
            GoType::Qualified(..) => {}
        }
        let (home, name) = self.locate(package, from, ty)?;
        if let Some(special) = SPECIAL.iter().find(|s| s.0 == home && s.1 == name) {
            return Ok(Ty::Scalar(special.2));
        }
        if STRINGS.contains(&(home, name.as_str())) {
            return Ok(Ty::Scalar("String"));
        }
        if let Some(either) = EITHER.iter().find(|e| home == APIEXTENSIONS && e.0 == name) {
            return Ok(Ty::Or(either.1, home, either.2.to_owned()));
        }
        let declaration = self.declaration(home, &name)?;
        match &declaration.shape {
            Shape::Struct(_) => Ok(Ty::Message(home, name)),
            Shape::Other(inner) => self.resolve(home, declaration, inner, depth + 1),
        }
    }

    /// The type as Go's `reflect` prints it.
    fn go_text(&self, package: &'static str, from: &Declaration, ty: &GoType) -> Result<String> {
        Ok(match ty {
            GoType::Pointer(inner) => format!("*{}", self.go_text(package, from, inner)?),
            GoType::Slice(inner) if is_byte(inner) => "[]uint8".to_owned(),
            GoType::Slice(inner) => format!("[]{}", self.go_text(package, from, inner)?),
            GoType::Map(key, value) => {
                format!(
                    "map[{}]{}",
                    self.go_text(package, from, key)?,
                    self.go_text(package, from, value)?
                )
            }
            GoType::Name(name) if builtin(name).is_some() => name.clone(),
            named => {
                let (home, name) = self.locate(package, from, named)?;
                format!("{}.{name}", home.rsplit('/').next().unwrap_or(home))
            }
        })
    }

    /// The markers of the named type a field has, if it is a type of a package that is read.
    fn type_markers(&self, package: &'static str, from: &Declaration, ty: &GoType) -> &[String] {
        let located = self.locate(package, from, ty).ok();
        let declaration = located.and_then(|(home, name)| self.declaration(home, &name).ok());
        declaration
            .map(|d| d.markers.as_slice())
            .unwrap_or_default()
    }

    fn default(
        &self,
        package: &'static str,
        from: &Declaration,
        field: &StructField,
        bare: &GoType,
    ) -> Result<Option<String>> {
        let own = field.marker("default");
        let Some(text) =
            own.or_else(|| gosource::marker(self.type_markers(package, from, bare), "default"))
        else {
            return Ok(None);
        };
        let Some(constant) = text.strip_prefix("ref(").and_then(|t| t.strip_suffix(')')) else {
            return Ok(Some(text.to_owned()));
        };
        let found = self.packages[package]
            .constants
            .iter()
            .find(|c| c.0 == constant);
        let value = &found
            .with_context(|| format!("constant {constant} is not declared"))?
            .2;
        Ok(Some(format!("{value:?}")))
    }

    /// The values of the enumeration a field (or its elements) has.
    fn enum_values(&self, package: &'static str, from: &Declaration, ty: &GoType) -> Vec<String> {
        if let GoType::Slice(inner) | GoType::Pointer(inner) = ty {
            return self.enum_values(package, from, inner);
        }
        if gosource::marker(self.type_markers(package, from, ty), "enum").is_none() {
            return Vec::new();
        }
        let Ok((home, name)) = self.locate(package, from, ty) else {
            return Vec::new();
        };
        let constants = &self.packages[home].constants;
        let mut values: Vec<String> = constants
            .iter()
            .filter(|c| c.1 == name)
            .map(|c| c.2.clone())
            .collect();
        values.sort();
        values.dedup();
        values
    }
}

fn is_byte(ty: &GoType) -> bool {
    matches!(ty, GoType::Name(name) if name == "byte" || name == "uint8")
}

fn builtin(name: &str) -> Option<&'static str> {
    Some(match name {
        "string" => "String",
        "bool" => "Bool",
        "int32" | "uint32" | "int16" | "uint16" | "int8" => "Int32",
        "int64" | "int" | "uint64" => "Int64",
        "float64" | "float32" => "Double",
        "any" => "Json",
        _ => return None,
    })
}

fn inlined(field: &StructField) -> bool {
    let tag = field.tag("json").unwrap_or_default();
    field.embedded && tag.split(',').next().unwrap_or_default().is_empty()
}

fn number(field: &StructField) -> Option<u32> {
    field.tag("protobuf")?.split(',').nth(1)?.parse().ok()
}

fn list_kind(field: &StructField, of_type: &[String]) -> List {
    let marker = |name: &str| {
        field
            .marker(name)
            .or_else(|| gosource::marker(of_type, name))
    };
    let whole = marker("mapType").or_else(|| field.marker("structType"));
    match marker("listType") {
        Some("map") => {
            let keys = field
                .markers
                .iter()
                .filter_map(|m| m.strip_prefix("listMapKey="));
            List::Map(keys.map(str::to_owned).collect())
        }
        Some("set") => List::Set,
        Some("atomic") => List::Atomic,
        _ if whole == Some("atomic") => List::Atomic,
        _ if whole == Some("granular") => List::Granular,
        _ => List::Unmarked,
    }
}
