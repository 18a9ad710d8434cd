//! What an image's WebAssembly became: compiled, checked against what this runtime offers, and ready to be instantiated.

use std::path::PathBuf;
use std::sync::Arc;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre};
use wasmtime::{Engine, ExternType, InstancePre as CoreInstancePre, Module};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi_http::p2::bindings::ProxyPre;

use super::linker::{Linkers, missing_of_component, missing_of_module};
use crate::guest::GuestState;

/// What a component exports that has a beginning and an end, in any patch of its version.
const CLI_RUN: &str = "wasi:cli/run@0.2.";
/// Names of exports shown in an error.
const MAX_NAMES_SHOWN: usize = 32;

/// A linked program, shared by every container of its image.
pub struct Program {
    /// How it is run.
    pub entry: Entry,
    /// Bytes of machine code and data, for the cache's bound.
    pub size: usize,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.entry {
            Entry::Http(_) => "http",
            Entry::Command(_) => "command",
            Entry::Module(_) => "module",
        };
        f.debug_struct("Program")
            .field("kind", &kind)
            .field("size", &self.size)
            .finish()
    }
}

/// The three kinds of guests.
pub enum Entry {
    /// A component that exports `wasi:http/incoming-handler`: an instance per request.
    Http(ProxyPre<GuestState>),
    /// A component that exports `wasi:cli/run`.
    Command(CommandPre<GuestState>),
    /// A core module of WASI preview 1 with `_start`.
    Module(CoreInstancePre<GuestState>),
}

/// Why an image's WebAssembly cannot be run here.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProgramError {
    /// The file cannot be read.
    #[error("reading {}: {message}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// Not WebAssembly, or of an unknown version.
    #[error("the image's content is not WebAssembly: {0}")]
    NotWasm(String),
    /// WebAssembly that does not hold together, or needs what the engine does not do.
    #[error("the WebAssembly is not valid: {0}")]
    Invalid(String),
    /// Imports that nobody provides.
    #[error("the {kind} imports what this runtime does not provide: {}", .names.join(", "))]
    MissingImports {
        /// `component` or `module`.
        kind: &'static str,
        /// All of them.
        names: Vec<String>,
    },
    /// Imports of the right name and the wrong shape.
    #[error("the WebAssembly does not fit this runtime: {0}")]
    Link(String),
    /// Nothing to start.
    #[error("there is nothing to run: {expected} is not among the {kind}'s exports ({})", if .exports.is_empty() { "it has none".to_owned() } else { .exports.join(", ") })]
    NoEntry {
        /// `component` or `module`.
        kind: &'static str,
        /// What was looked for.
        expected: &'static str,
        /// What there is.
        exports: Vec<String>,
    },
    /// The runtime's own trouble.
    #[error("compiling: {0}")]
    Internal(String),
}

impl ProgramError {
    /// Whether trying again with the same bytes must give the same error.
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Read { .. } | Self::Internal(_))
    }
}

impl Program {
    /// Links a component.
    pub fn of_component(linkers: &Linkers, component: &Component) -> Result<Self, ProgramError> {
        let engine = component.engine();
        let names = missing_of_component(engine, component);
        if !names.is_empty() {
            return Err(ProgramError::MissingImports {
                kind: "component",
                names,
            });
        }
        let pre = linkers
            .component
            .instantiate_pre(component)
            .map_err(|e| ProgramError::Link(format!("{e:#}")))?;
        Ok(Self {
            entry: component_entry(engine, component, pre)?,
            size: image_size(component.image_range()),
        })
    }

    /// The export that a command of this name means: an instance with a function `run`, called so, or an interface whose last name it is,
    /// as `example:jobs/migrate@1.0.0` is of `migrate`.
    pub fn export_named(&self, command: &str) -> Option<String> {
        self.runnable_exports()
            .into_iter()
            .find(|export| export == command || interface_name(export) == command)
    }

    /// `wasi:cli/run`, where a program that serves HTTP has it beside that.
    pub fn export_of_cli(&self) -> Option<String> {
        self.runnable_exports()
            .into_iter()
            .find(|export| export.starts_with(CLI_RUN))
    }

    /// The exports with a function `run` that takes nothing.
    fn runnable_exports(&self) -> Vec<String> {
        let component = match &self.entry {
            Entry::Http(pre) => pre.instance_pre().component(),
            Entry::Command(pre) => pre.instance_pre().component(),
            Entry::Module(_) => return Vec::new(),
        };
        let (ty, engine) = (component.component_type(), component.engine());
        let is_runnable = |item: &ComponentItem| match item {
            ComponentItem::ComponentInstance(instance) => instance
                .get_export(engine, "run")
                .is_some_and(|run| match run.ty {
                    ComponentItem::ComponentFunc(function) => function.params().len() == 0,
                    _ => false,
                }),
            _ => false,
        };
        ty.exports(engine)
            .filter(|(_, export)| is_runnable(&export.ty))
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// Links a core module.
    pub fn of_module(linkers: &Linkers, module: &Module) -> Result<Self, ProgramError> {
        let pre = linkers
            .core
            .instantiate_pre(module)
            .map_err(|error| match missing_of_module(module.engine(), module) {
                Ok(names) if !names.is_empty() => ProgramError::MissingImports {
                    kind: "module",
                    names,
                },
                _ => ProgramError::Link(format!("{error:#}")),
            })?;
        match module.get_export("_start") {
            Some(ExternType::Func(_)) => Ok(Self {
                entry: Entry::Module(pre),
                size: image_size(module.image_range()),
            }),
            _ => Err(ProgramError::NoEntry {
                kind: "module",
                expected: "_start",
                exports: shown(module.exports().map(|e| e.name().to_owned())),
            }),
        }
    }
}

/// The interface's own name: `migrate` of `example:jobs/migrate@1.0.0`. An export that is no interface has none.
fn interface_name(export: &str) -> &str {
    let (_, name) = export.split_once('/').unwrap_or_default();
    name.split('@').next().unwrap_or_default()
}

/// Whether a component answers HTTP requests.
pub fn serves_http(component: &Component) -> bool {
    exports(component, "wasi:http/incoming-handler@0.2.")
}

fn exports(component: &Component, prefix: &str) -> bool {
    let ty = component.component_type();
    ty.exports(component.engine())
        .any(|(name, _)| name.starts_with(prefix))
}

fn component_entry(
    engine: &Engine,
    component: &Component,
    pre: InstancePre<GuestState>,
) -> Result<Entry, ProgramError> {
    let ty = component.component_type();
    let link = |e: wasmtime::Error| ProgramError::Link(format!("{e:#}"));
    if serves_http(component) {
        return ProxyPre::new(pre).map(Entry::Http).map_err(link);
    }
    if exports(component, CLI_RUN) {
        return CommandPre::new(pre).map(Entry::Command).map_err(link);
    }
    Err(ProgramError::NoEntry {
        kind: "component",
        expected: "wasi:http/incoming-handler@0.2 or wasi:cli/run@0.2",
        exports: shown(ty.exports(engine).map(|(name, _)| name.to_owned())),
    })
}

fn shown(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.collect();
    if names.len() > MAX_NAMES_SHOWN {
        let more = names.len() - MAX_NAMES_SHOWN;
        names.truncate(MAX_NAMES_SHOWN);
        names.push(format!("and {more} more"));
    }
    names
}

fn image_size(range: std::ops::Range<*const u8>) -> usize {
    (range.end as usize).saturating_sub(range.start as usize)
}

/// A result that many waiters share.
pub type Loaded = Result<Arc<Program>, ProgramError>;
