//! The component of small tools that is built into the runtime, for commands in containers that have none of their own: see `toolbox/`.

use std::io;
use std::path::Path;

use crate::image::{Digest, Kind, WasmArtifact};

#[path = "../toolbox/src/names.rs"]
mod names;

const WASM: &[u8] = include_bytes!(env!("TOOLBOX_WASM"));

/// Whether a command's name, or the last part of its path, is a tool's.
pub fn has(name: &str) -> bool {
    let short = name.rsplit('/').next().unwrap_or(name);
    names::NAMES.binary_search(&short).is_ok()
}

/// Writes the component into `folder`, and says what it is.
///
/// # Errors
/// What the disk says.
pub fn artifact(folder: &Path) -> io::Result<WasmArtifact> {
    let path = folder.join("toolbox.wasm");
    if std::fs::read(&path).is_ok_and(|there| there != WASM) || !path.exists() {
        std::fs::write(&path, WASM)?;
    }
    Ok(WasmArtifact {
        digest: Digest::of(WASM),
        size: WASM.len() as u64,
        sees_files: true,
        kind: Kind::Component,
        path,
    })
}
