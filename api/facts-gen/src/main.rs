//! Writes the facts table of `hydrofoil_api` from the Go modules that define Kubernetes' API. Usage is in the README beside it.
//!
//! A tool for people, not a build step: its output is committed.

mod emit;
mod gosource;
mod gotype;
mod model;
mod packages;
mod protos;

use anyhow::{Context, Result, bail};
use std::path::PathBuf;

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [modules, out] = arguments.as_slice() else {
        bail!("usage: hydrofoil-facts-gen <folder of the k8s.io modules> <output folder>");
    };
    let packages = packages::read(modules)?;
    let model = model::build(&packages)?;
    let checked =
        protos::check(modules, &model).context("the Go types and the .proto files disagree")?;
    let written = emit::write(&model, out)?;
    println!(
        "{written} types in {} files, {checked} held against their .proto",
        model.packages.len()
    );
    Ok(())
}
