//! What a `.wasm` file is: a core module or a component, and what a component imports and exports.
//!
//! Reads the binary's outline only. Whether it is valid is the compiler's question.

use serde::{Deserialize, Serialize};
use wasmparser::{Parser, Payload};

/// The bytes that tell modules from components: magic, version, layer.
pub const HEADER_BYTES: usize = 8;

/// The two kinds of WebAssembly binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A core module, taken to be for WASI preview 1.
    Module,
    /// A component (WASI preview 2).
    Component,
}

impl Kind {
    /// The `os` of the artifact's config: `wasip1` or `wasip2`.
    pub const fn os(self) -> &'static str {
        match self {
            Self::Module => "wasip1",
            Self::Component => "wasip2",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Module => "module",
            Self::Component => "component",
        })
    }
}

/// Why bytes are no WebAssembly that we run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WasmError {
    /// Does not begin as a Wasm binary does.
    #[error("not WebAssembly: it begins with {}, expected \"\\0asm\"", shown(.0))]
    Magic(Vec<u8>),
    /// Wasm text.
    #[error("WebAssembly text, not a binary: translate it first (wasm-tools parse)")]
    Text,
    /// A version that nobody has defined, or that is no longer.
    #[error(
        "WebAssembly binary of unknown version {version} layer {layer}: neither a module (1, 0) nor a component (13, 1)"
    )]
    Version {
        /// The version field.
        version: u16,
        /// The layer field.
        layer: u16,
    },
    /// The outline of the binary cannot be read.
    #[error("not a readable WebAssembly component: {0}")]
    Malformed(String),
}

fn shown(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

/// Tells the kind from the first [`HEADER_BYTES`] of a file (fewer if the file is shorter).
pub fn kind(header: &[u8]) -> Result<Kind, WasmError> {
    let Some((magic, rest)) = header.split_first_chunk::<4>() else {
        return Err(WasmError::Magic(header.to_vec()));
    };
    if magic != b"\0asm" {
        let text = header.trim_ascii_start();
        if text.starts_with(b"(module") || text.starts_with(b"(comp") {
            return Err(WasmError::Text);
        }
        return Err(WasmError::Magic(
            header[..header.len().min(HEADER_BYTES)].to_vec(),
        ));
    }
    let Some([v0, v1, l0, l1]) = rest.first_chunk::<4>() else {
        return Err(WasmError::Magic(header.to_vec()));
    };
    match (
        u16::from_le_bytes([*v0, *v1]),
        u16::from_le_bytes([*l0, *l1]),
    ) {
        (1, 0) => Ok(Kind::Module),
        (13, 1) => Ok(Kind::Component),
        (version, layer) => Err(WasmError::Version { version, layer }),
    }
}

/// A component's outer interfaces, in the order in which they stand in the binary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interfaces {
    /// `wasi:http/incoming-handler@0.2.0`, …
    pub exports: Vec<String>,
    /// `wasi:cli/environment@0.2.0`, …
    pub imports: Vec<String>,
}

/// The WASI package without which a component reaches no file system.
const FILE_SYSTEM: &str = "wasi:filesystem/";

/// Whether a program can see files at all. A component says so by what it imports; preview 1 has one name space for descriptors of
/// every kind, so a module may always. What cannot be read is taken to see them: saying what is wrong with it is the compiler's.
pub fn sees_files(kind: Kind, program: &[u8]) -> bool {
    match kind {
        Kind::Module => true,
        Kind::Component => interfaces(program).map_or(true, |found| {
            found
                .imports
                .iter()
                .any(|name| name.starts_with(FILE_SYSTEM))
        }),
    }
}

/// Reads the names that a component imports and exports.
pub fn interfaces(component: &[u8]) -> Result<Interfaces, WasmError> {
    let malformed = |error: wasmparser::BinaryReaderError| WasmError::Malformed(error.to_string());
    let mut found = Interfaces::default();
    // Nested modules and components come in the same stream, each between its own Version and End.
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(malformed)? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    found
                        .imports
                        .push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    found
                        .exports
                        .push(export.map_err(malformed)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(component (import "a:b/c" (instance)) (component) (export "d:e/f" (instance 0)))`, by hand.
    fn component() -> Vec<u8> {
        importing("a:b/c")
    }

    fn importing(name: &str) -> Vec<u8> {
        let length = name.len() as u8;
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        // Type section: one empty instance type.
        bytes.extend([7, 3, 1, 0x42, 0]);
        // Import section: name kind 0, "a:b/c", instance of type 0.
        bytes.extend([10, length + 5, 1, 0, length]);
        bytes.extend(name.as_bytes());
        bytes.extend([5, 0]);
        // Nested component, with an import of its own that must not show.
        let mut inner = b"\0asm\x0d\0\x01\0".to_vec();
        inner.extend([7, 3, 1, 0x42, 0, 10, 10, 1, 0, 5]);
        inner.extend(b"x:y/z");
        inner.extend([5, 0]);
        bytes.push(4);
        bytes.push(inner.len() as u8);
        bytes.extend(inner);
        // Export section: name kind 0, "d:e/f", instance 0, no type.
        bytes.extend([11, 11, 1, 0, 5]);
        bytes.extend(b"d:e/f");
        bytes.extend([5, 0, 0]);
        bytes
    }

    #[test]
    fn tells_kinds_apart() {
        assert_eq!(kind(b"\0asm\x01\0\0\0more"), Ok(Kind::Module));
        assert_eq!(kind(b"\0asm\x0d\0\x01\0"), Ok(Kind::Component));
        assert_eq!(
            kind(b"\0asm\x02\0\0\0"),
            Err(WasmError::Version {
                version: 2,
                layer: 0
            })
        );
        assert_eq!(kind(b"  (module)"), Err(WasmError::Text));
        assert_eq!(kind(b"\0as"), Err(WasmError::Magic(b"\0as".to_vec())));
        let elf = kind(b"\x7fELF\x02\x01\x01\0").map_err(|e| e.to_string());
        assert_eq!(
            elf,
            Err("not WebAssembly: it begins with \"\\x7fELF\\x02\\x01\\x01\\x00\", expected \"\\0asm\"".to_owned())
        );
    }

    #[test]
    fn reads_outer_interfaces_only() {
        assert_eq!(
            interfaces(&component()),
            Ok(Interfaces {
                exports: vec!["d:e/f".into()],
                imports: vec!["a:b/c".into()],
            })
        );
    }

    #[test]
    fn a_component_sees_files_if_it_imports_them_or_cannot_be_read() {
        let files = importing("wasi:filesystem/preopens@0.2.6");
        assert!(sees_files(Kind::Component, &files));
        let none = importing("wasi:cli/stdout@0.2.6");
        assert!(!sees_files(Kind::Component, &none));
        assert!(sees_files(Kind::Component, &none[..none.len() - 3]));
        assert!(sees_files(Kind::Module, b"\0asm\x01\0\0\0"));
    }

    #[test]
    fn a_cut_component_is_an_error() {
        let whole = component();
        assert!(matches!(
            interfaces(&whole[..whole.len() - 3]),
            Err(WasmError::Malformed(_))
        ));
    }
}
