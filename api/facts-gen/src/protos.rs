//! Holds the model against the `.proto` files: every message has the numbers that the struct tags say.

use crate::model::Model;
use crate::packages::{SOURCES, folder};
use anyhow::{Context, Result, bail};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

struct Modules(PathBuf);

impl FileResolver for Modules {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let missing = || protox::Error::file_not_found(name);
        let path = name.strip_prefix("k8s.io/").ok_or_else(missing)?;
        File::open(name, &folder(&self.0, path).map_err(|_| missing())?)
    }
}

/// Fails when a message of the `.proto` files has other numbers than the struct it describes.
/// Answers with how many messages were held against their struct.
pub fn check(modules: &Path, model: &Model) -> Result<usize> {
    let mut checked = 0;
    let mut resolver = ChainFileResolver::new();
    resolver.add(Modules(modules.to_owned()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    for source in SOURCES {
        compiler
            .open_file(format!("k8s.io/{}/generated.proto", source.path))
            .with_context(|| source.path)?;
    }
    compiler.include_imports(true);
    for descriptor in compiler.file_descriptor_set().file {
        let package = descriptor
            .package()
            .strip_prefix("k8s.io.")
            .unwrap_or_default()
            .replace('.', "/");
        let known = |p: &&crate::model::PackageModel| {
            p.source.path.replace('.', "/") == package.replace('_', "-")
        };
        let Some(types) = model.packages.iter().find(known) else {
            continue;
        };
        for message in &descriptor.message_type {
            let Some(ty) = types.types.get(message.name()) else {
                continue;
            };
            let told: BTreeSet<i32> = ty.numbers.iter().map(|n| *n as i32).collect();
            let wire: BTreeSet<i32> = message.field.iter().map(|f| f.number()).collect();
            // Timestamps and the like have numbers of their own; their structs carry no tags.
            if !told.is_empty() && told != wire {
                bail!(
                    "{package}.{}: tags say {told:?}, the .proto says {wire:?}",
                    message.name()
                );
            }
            checked += 1;
        }
    }
    Ok(checked)
}
