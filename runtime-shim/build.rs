//! Builds the toolbox for WebAssembly, to be put into the runtime. It depends on nothing, so that the compiler alone is enough.

use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";

fn main() {
    let source = Path::new("toolbox/src");
    println!("cargo::rerun-if-changed={}", source.display());
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let (Some(out), Some(rustc)) = (variable("OUT_DIR"), variable("RUSTC")) else {
        panic!("cargo tells where the output goes and which compiler it is");
    };
    let out = out.join("toolbox.wasm");
    let status = Command::new(&rustc)
        .args(["--crate-name=toolbox", "--crate-type=bin", "--edition=2024"])
        .args(["-Copt-level=s", "-Cpanic=abort", "-Cstrip=symbols"])
        .args(["-Clto=fat", "-Ccodegen-units=1"])
        .arg(format!("--target={TARGET}"))
        .arg("-o")
        .arg(&out)
        .arg(source.join("main.rs"))
        .status();
    match status {
        Ok(status) if status.success() => {}
        other => panic!(
            "the toolbox could not be built ({other:?}): `rustup target add {TARGET}` installs its target, which rust-toolchain.toml names"
        ),
    }
    println!("cargo::rustc-env=TOOLBOX_WASM={}", out.display());
}
