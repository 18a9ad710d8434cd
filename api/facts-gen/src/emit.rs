//! The model as Rust source: one file for each package, and one that lists all types.

use crate::model::{FieldModel, List, Model, Omit, PackageModel, Ty, TypeModel};
use crate::packages::{SOURCES, VERSION};
use anyhow::Result;
use std::fmt::Write;
use std::path::Path;

/// Writes the tables below `out`; answers with the number of types.
pub fn write(model: &Model, out: &Path) -> Result<usize> {
    std::fs::create_dir_all(out)?;
    let mut all = Vec::new();
    for package in &model.packages {
        let module = module_name(package.source.path);
        std::fs::write(out.join(format!("{module}.rs")), file(package))?;
        for name in package.types.keys() {
            all.push((
                format!("{}.{name}", package.source.openapi),
                format!("&{module}::{}", static_name(name)),
            ));
        }
    }
    all.sort();
    let mut text = format!(
        "//! Every type of the API at {VERSION}. Written by `api/facts-gen`; do not edit.\n\nuse super::Type;\n\n"
    );
    let mut modules: Vec<String> = SOURCES.iter().map(|s| module_name(s.path)).collect();
    modules.sort();
    for module in modules {
        let _ = writeln!(text, "#[rustfmt::skip]\npub(super) mod {module};");
    }
    let _ = writeln!(
        text,
        "\n#[rustfmt::skip]\npub(super) static TYPES: &[&Type] = &["
    );
    for (_, reference) in &all {
        let _ = writeln!(text, "    {reference},");
    }
    text.push_str("];\n");
    std::fs::write(out.join("mod.rs"), text)?;
    Ok(all.len())
}

/// `core_v1` for `api/core/v1`.
fn module_name(path: &str) -> String {
    let mut parts = path.rsplit('/');
    let version = parts.next().unwrap_or_default();
    format!("{}_{version}", parts.next().unwrap_or_default())
}

/// `HTTP_GET_ACTION` for `HTTPGetAction`.
fn static_name(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        let after_lower = i > 0 && (chars[i - 1].is_lowercase() || chars[i - 1].is_numeric());
        let ends_acronym = i > 0
            && chars.get(i + 1).is_some_and(|n| n.is_lowercase())
            && chars[i - 1].is_uppercase();
        if c.is_uppercase() && (after_lower || ends_acronym) {
            out.push('_');
        }
        out.extend(c.to_uppercase());
    }
    out
}

fn file(package: &PackageModel) -> String {
    let source = package.source;
    let mut text = format!(
        "//! The types of `k8s.io/{}`. Written by `api/facts-gen`; do not edit.\n\n\
         use crate::facts::{{Field, FieldType as T, ListKind as L, Omit as O, Patch, Type, generated::*, FIELD as F, NO_PATCH as P}};\n",
        source.path
    );
    let version = source.path.rsplit('/').next().unwrap_or_default();
    for (name, ty) in &package.types {
        let gvk = if ty.object {
            format!("Some(({:?}, {version:?}, {name:?}))", source.group)
        } else {
            "None".to_owned()
        };
        let _ = writeln!(
            text,
            "\npub static {}: Type = Type {{ name: {:?}, go: \"{version}.{name}\", gvk: {gvk}, atomic: {}, fields: &[",
            static_name(name),
            format!("{}.{name}", source.openapi),
            ty.atomic
        );
        fields(&mut text, ty);
        text.push_str("] };\n");
    }
    text
}

fn fields(text: &mut String, ty: &TypeModel) {
    for field in &ty.fields {
        let _ = write!(
            text,
            "    Field {{ json: {:?}, number: {}, ty: {}, go: {:?}",
            field.json,
            field.number,
            type_text(&field.ty),
            field.go
        );
        details(text, field);
        text.push_str(", ..F },\n");
    }
}

/// What differs from an ordinary optional field.
fn details(text: &mut String, field: &FieldModel) {
    if !field.through.is_empty() {
        let _ = write!(text, ", through: &{:?}", field.through);
    }
    match &field.list {
        List::Unmarked => {}
        List::Atomic => text.push_str(", list: L::Atomic"),
        List::Granular => text.push_str(", list: L::Granular"),
        List::Set => text.push_str(", list: L::Set"),
        List::Map(keys) => {
            let _ = write!(text, ", list: L::Map(&{keys:?})");
        }
    }
    if !field.strategy.is_empty() || field.merge_key.is_some() {
        let has = |word: &str| field.strategy.split(',').any(|s| s == word);
        let mut parts = Vec::new();
        for (word, name) in [
            ("merge", "merge"),
            ("replace", "replace"),
            ("retainKeys", "retain_keys"),
        ] {
            if has(word) {
                parts.push(format!("{name}: true"));
            }
        }
        if let Some(key) = &field.merge_key {
            parts.push(format!("merge_key: Some({key:?})"));
        }
        let _ = write!(text, ", patch: Patch {{ {}, ..P }}", parts.join(", "));
    }
    if field.required {
        text.push_str(", required: true");
    }
    if field.pointer {
        text.push_str(", pointer: true");
    }
    match field.omit {
        Omit::Empty => {}
        Omit::Never => text.push_str(", omit: O::Never"),
        Omit::Zero => text.push_str(", omit: O::Zero"),
    }
    if let Some(default) = &field.default {
        let _ = write!(text, ", default: Some({default:?})");
    }
    if !field.enum_values.is_empty() {
        let _ = write!(text, ", enum_values: &{:?}", field.enum_values);
    }
}

fn type_text(ty: &Ty) -> String {
    match ty {
        Ty::Scalar(name) => format!("T::{name}"),
        Ty::Message(package, name) => format!(
            "T::Message(&{}::{})",
            module_name(package),
            static_name(name)
        ),
        Ty::Or(variant, package, name) => {
            format!(
                "T::{variant}(&{}::{})",
                module_name(package),
                static_name(name)
            )
        }
        Ty::List(inner) => format!("T::List(&{})", type_text(inner)),
        Ty::Map(inner) => format!("T::Map(&{})", type_text(inner)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_acronyms_together() {
        assert_eq!(static_name("HTTPGetAction"), "HTTP_GET_ACTION");
        assert_eq!(static_name("PodSpec"), "POD_SPEC");
        assert_eq!(static_name("CSINode"), "CSI_NODE");
        assert_eq!(static_name("FieldsV1"), "FIELDS_V1");
        assert_eq!(module_name("apimachinery/pkg/apis/meta/v1"), "meta_v1");
    }
}
