//! `/version`: what clients compare their own version with.

use serde_json::{Value, json};

/// The Kubernetes release whose API this is, and what serves it. kubectl parses it as a semantic version.
pub const GIT_VERSION: &str = concat!("v1.36.2+hydrofoil.", env!("CARGO_PKG_VERSION"));

/// The document.
pub fn document() -> Value {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    json!({
        "major": "1",
        "minor": "36",
        "emulationMajor": "1",
        "emulationMinor": "36",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35",
        "gitVersion": GIT_VERSION,
        "gitCommit": option_env!("HYDROFOIL_COMMIT").unwrap_or_default(),
        "gitTreeState": "",
        "buildDate": "",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{architecture}", std::env::consts::OS),
    })
}
