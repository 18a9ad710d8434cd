//! A reader of gofmt-ed Go source: type declarations with their fields, tags and comment markers, and string constants.
//!
//! Not a Go parser: it relies on gofmt's layout (declarations begin at column 0 and end with a line that is `}` or `)`).

use crate::gotype::GoType;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// One Go package.
#[derive(Debug, Default)]
pub struct Package {
    /// The declared types by name.
    pub types: BTreeMap<String, Declaration>,
    /// String constants: (name, type name, value), in the order of the source.
    pub constants: Vec<(String, String, String)>,
}

/// A type declaration.
#[derive(Debug)]
pub struct Declaration {
    /// The markers of its comments, without `+`.
    pub markers: Vec<String>,
    /// What it is.
    pub shape: Shape,
    /// The imports of its file: name to import path.
    pub imports: BTreeMap<String, String>,
}

/// What a declared type is.
#[derive(Debug)]
pub enum Shape {
    /// A struct.
    Struct(Vec<StructField>),
    /// Anything else, by its underlying type.
    Other(GoType),
}

/// A field of a struct.
#[derive(Debug)]
pub struct StructField {
    /// Go's name; the type's name for an embedded field.
    pub name: String,
    /// Whether it is embedded.
    pub embedded: bool,
    /// The type.
    pub ty: GoType,
    /// The struct tag.
    pub tag: String,
    /// The markers of its comments, without `+`.
    pub markers: Vec<String>,
}

impl StructField {
    /// The value of a key of the struct tag.
    pub fn tag(&self, key: &str) -> Option<&str> {
        let start = self.tag.find(&format!("{key}:\""))? + key.len() + 2;
        let rest = &self.tag[start..];
        Some(&rest[..rest.find('"')?])
    }

    /// The value of a marker: `listType` of `listType=map`. A marker without a value is the empty text.
    pub fn marker(&self, name: &str) -> Option<&str> {
        marker(&self.markers, name)
    }
}

/// The value of a marker among several.
pub fn marker<'a>(markers: &'a [String], name: &str) -> Option<&'a str> {
    markers.iter().find_map(|m| match m.strip_prefix(name)? {
        "" => Some(""),
        rest => rest.strip_prefix('='),
    })
}

/// Reads every `.go` file of a folder but tests and generated code.
pub fn read(folder: &Path) -> Result<Package> {
    let mut package = Package::default();
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        let generated = name.starts_with("zz_")
            || name.starts_with("generated")
            || name.starts_with("types_swagger");
        if name.ends_with(".go") && !name.ends_with("_test.go") && !generated {
            let text = std::fs::read_to_string(file.path())?;
            read_file(&text, &mut package).with_context(|| name)?;
        }
    }
    Ok(package)
}

fn read_file(text: &str, package: &mut Package) -> Result<()> {
    let imports = read_imports(text);
    let mut comments = Comments::default();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if comments.take(line) {
            continue;
        }
        if let Some(rest) = line.strip_prefix("type ") {
            let markers = comments.markers_of_type();
            if let Some((name, shape)) = read_type(rest, &mut lines)? {
                package.types.insert(
                    name,
                    Declaration {
                        markers,
                        shape,
                        imports: imports.clone(),
                    },
                );
            }
        } else if line == "const (" {
            read_constants(&mut lines, package);
        } else if let Some(rest) = line.strip_prefix("const ") {
            package.constants.extend(constant(rest));
        }
        comments = Comments::default();
    }
    Ok(())
}

/// Comment lines gathered until a declaration takes them.
#[derive(Default)]
struct Comments {
    before: Vec<String>,
    closest: Vec<String>,
    block: bool,
}

impl Comments {
    /// Whether the line was blank or a comment.
    fn take(&mut self, line: &str) -> bool {
        let line = line.trim();
        if self.block || line.starts_with("/*") {
            self.block = !line.contains("*/");
            return true;
        }
        if line.is_empty() {
            if !self.closest.is_empty() {
                self.before = std::mem::take(&mut self.closest);
            }
            return true;
        }
        let Some(comment) = line.strip_prefix("//") else {
            return false;
        };
        if let Some(marker) = comment.trim().strip_prefix('+') {
            self.closest.push(marker.trim().to_owned());
        } else {
            // Marks the block as present even when it has no marker.
            self.closest.push(String::new());
        }
        true
    }

    /// Types also own the block above the closest one.
    fn markers_of_type(&self) -> Vec<String> {
        self.before
            .iter()
            .chain(&self.closest)
            .filter(|m| !m.is_empty())
            .cloned()
            .collect()
    }

    fn markers_of_field(&self) -> Vec<String> {
        self.closest
            .iter()
            .filter(|m| !m.is_empty())
            .cloned()
            .collect()
    }
}

fn read_imports(text: &str) -> BTreeMap<String, String> {
    let mut imports = BTreeMap::new();
    let mut inside = false;
    for line in text.lines() {
        let line = line.trim();
        match line {
            "import (" => inside = true,
            ")" if inside => return imports,
            _ => {}
        }
        let spec = if inside {
            Some(line)
        } else {
            line.strip_prefix("import ")
        };
        let Some(spec) = spec else { continue };
        let mut quoted = spec.split('"');
        let (Some(name), Some(path)) = (quoted.next(), quoted.next()) else {
            continue;
        };
        let last = path.rsplit('/').next().unwrap_or(path);
        let name = if name.trim().is_empty() {
            last
        } else {
            name.trim()
        };
        imports.insert(name.to_owned(), path.to_owned());
    }
    imports
}

/// Reads `Name struct {` and its fields, or `Name T`. Interfaces and generic types are none of the API's.
fn read_type<'a>(
    rest: &str,
    lines: &mut impl Iterator<Item = &'a str>,
) -> Result<Option<(String, Shape)>> {
    let rest = rest.split(" //").next().unwrap_or(rest).trim();
    let Some((name, body)) = rest.split_once(' ') else {
        return Ok(None);
    };
    let body = body.trim();
    if body == "struct {" {
        return Ok(Some((
            name.to_owned(),
            Shape::Struct(read_fields(name, lines)?),
        )));
    }
    if body == "struct{}" {
        return Ok(Some((name.to_owned(), Shape::Struct(Vec::new()))));
    }
    if body.starts_with("interface")
        || body.starts_with("func")
        || name.contains('[')
        || body.starts_with("= ")
    {
        return Ok(None);
    }
    Ok(Some((name.to_owned(), Shape::Other(GoType::parse(body)?))))
}

fn read_fields<'a>(
    owner: &str,
    lines: &mut impl Iterator<Item = &'a str>,
) -> Result<Vec<StructField>> {
    let mut fields = Vec::new();
    let mut comments = Comments::default();
    for line in lines {
        if line == "}" {
            break;
        }
        if comments.take(line) {
            continue;
        }
        if let Some(field) = read_field(line.trim(), comments.markers_of_field())
            .with_context(|| format!("{owner}: {line}"))?
        {
            fields.push(field);
        }
        comments = Comments::default();
    }
    Ok(fields)
}

/// A field line: `Name Type `tag``, or `Type `tag`` when embedded. Fields that Go does not export are skipped.
fn read_field(line: &str, markers: Vec<String>) -> Result<Option<StructField>> {
    let mut parts = line.split('`');
    let declared = parts.next().unwrap_or_default();
    let declared = declared.split("//").next().unwrap_or_default().trim();
    let tag = parts.next().unwrap_or_default().to_owned();
    let (name, ty, embedded) = match declared.split_once(char::is_whitespace) {
        Some((name, ty)) => (name.to_owned(), ty, false),
        None => {
            let bare = declared.trim_start_matches('*');
            (
                bare.rsplit('.').next().unwrap_or(bare).to_owned(),
                declared,
                true,
            )
        }
    };
    if !name.starts_with(char::is_uppercase) {
        return Ok(None);
    }
    Ok(Some(StructField {
        name,
        embedded,
        ty: GoType::parse(ty)?,
        tag,
        markers,
    }))
}

fn read_constants<'a>(lines: &mut impl Iterator<Item = &'a str>, package: &mut Package) {
    for line in lines {
        if line == ")" {
            return;
        }
        package.constants.extend(constant(line.trim()));
    }
}

/// `Name Type = "value"`. A constant without a type of its own has none: Go does not carry it over from the line above.
fn constant(line: &str) -> Option<(String, String, String)> {
    let (left, right) = line.split_once('=')?;
    let value = right.trim().strip_prefix('"')?;
    let value = &value[..value.find('"')?];
    let mut words = left.split_whitespace();
    let name = words.next()?.to_owned();
    Some((
        name,
        words.next().unwrap_or_default().to_owned(),
        value.to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// +enum
type Mode string

const (
	// On is on
	ModeOn Mode = "On" // why
	ModeOff Mode = "Off"
	Plain = "plain"
)

// +genclient

// Thing is a thing.
type Thing struct {
	metav1.TypeMeta `json:",inline"`
	// a list
	// +listType=map
	// +listMapKey=name
	Items []Item `json:"items,omitempty" patchStrategy:"merge" patchMergeKey:"name" protobuf:"bytes,2,rep,name=items"`

	// the uid
	UID *types.UID `json:"uid" protobuf:"bytes,3,opt,name=uid"`
	hidden int
}
"#;

    #[test]
    fn reads_types_tags_markers_and_constants() {
        let mut package = Package::default();
        read_file(SOURCE, &mut package).unwrap();
        let thing = &package.types["Thing"];
        assert_eq!(thing.markers, ["genclient"]);
        assert_eq!(thing.imports["types"], "k8s.io/apimachinery/pkg/types");
        let Shape::Struct(fields) = &thing.shape else {
            panic!("no struct")
        };
        assert_eq!(fields.len(), 3);
        assert!(fields[0].embedded);
        assert_eq!(fields[1].marker("listType"), Some("map"));
        assert_eq!(fields[1].tag("patchMergeKey"), Some("name"));
        assert_eq!(fields[2].tag("protobuf"), Some("bytes,3,opt,name=uid"));
        assert_eq!(package.types["Mode"].markers, ["enum"]);
        assert_eq!(
            package.constants[1],
            ("ModeOff".into(), "Mode".into(), "Off".into())
        );
        assert_eq!(package.constants[2].1, "");
    }
}
