//! What a guest may import, and naming what it may not.
//!
//! `wasi:sockets` is ours, everything else of WASI 0.2 and preview 1 is wasmtime-wasi's. An import outside of this table fails the container
//! at its creation, with every such import named.

use std::collections::HashSet;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::{Engine, Linker as CoreLinker, Module, Store};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::bindings::{cli, filesystem, random};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi::{I32Exit, WasiCtx};

use crate::guest::GuestState;
use crate::sockets;

/// Preview 1's module name.
pub const PREVIEW1: &str = "wasi_snapshot_preview1";

/// Interfaces that [`Linkers`] offers to components, without their version.
const INTERFACES: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:config/store",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// Everything a guest can be linked with, set up once.
pub struct Linkers {
    /// For components.
    pub component: ComponentLinker<GuestState>,
    /// For core modules.
    pub core: CoreLinker<GuestState>,
}

impl Linkers {
    /// Sets both up.
    pub fn new(engine: &Engine) -> wasmtime::Result<Self> {
        Ok(Self {
            component: component(engine)?,
            core: core(engine)?,
        })
    }
}

fn component(engine: &Engine) -> wasmtime::Result<ComponentLinker<GuestState>> {
    type S = GuestState;
    let mut linker = ComponentLinker::<S>::new(engine);
    let l = &mut linker;
    // wasi:io, clocks, random/random, and the three standard streams.
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(l)?;
    random::insecure::add_to_linker::<S, WasiRandom>(l, S::random)?;
    random::insecure_seed::add_to_linker::<S, WasiRandom>(l, S::random)?;
    filesystem::types::add_to_linker::<S, WasiFilesystem>(l, S::filesystem)?;
    filesystem::preopens::add_to_linker::<S, WasiFilesystem>(l, S::filesystem)?;
    cli::environment::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::exit::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_input::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_output::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stdin::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stdout::add_to_linker::<S, WasiCli>(l, S::cli)?;
    cli::terminal_stderr::add_to_linker::<S, WasiCli>(l, S::cli)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(l)?;
    wasmtime_wasi_config::add_to_linker(l, S::config)?;
    sockets::add_to_linker(l, S::sockets_view)?;
    Ok(linker)
}

fn core(engine: &Engine) -> wasmtime::Result<CoreLinker<GuestState>> {
    let mut linker = CoreLinker::<GuestState>::new(engine);
    wasmtime_wasi::p1::add_to_linker_async(&mut linker, GuestState::preview1)?;
    // wasmtime-wasi traps on exit codes from 126 on; a container's exit code has eight bits.
    linker.allow_shadowing(true);
    linker.func_wrap(PREVIEW1, "proc_exit", |code: u32| -> wasmtime::Result<()> {
        Err(I32Exit(i32::try_from(code & 0xff).unwrap_or(0xff)).into())
    })?;
    linker.allow_shadowing(false);
    Ok(linker)
}

/// The imports of a component that this runtime does not have, by name.
pub fn missing_of_component(engine: &Engine, component: &Component) -> Vec<String> {
    let ty = component.component_type();
    ty.imports(engine)
        .filter(|(_, import)| !matches!(import.ty, ComponentItem::Type(_)))
        .filter(|(name, _)| !offered(name))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// The imports of a core module that this runtime does not have, as `module::name`.
pub fn missing_of_module(engine: &Engine, module: &Module) -> wasmtime::Result<Vec<String>> {
    // Only asked when linking failed: a linker of preview 1 alone, whose names can be listed.
    let mut preview1 = CoreLinker::<WasiP1Ctx>::new(engine);
    wasmtime_wasi::p1::add_to_linker_async(&mut preview1, |state| state)?;
    let mut store = Store::new(engine, WasiCtx::builder().build_p1());
    let offered: HashSet<String> = preview1
        .iter(&mut store)
        .filter(|(module, _, _)| *module == PREVIEW1)
        .map(|(_, name, _)| name.to_owned())
        .collect();
    let missing = module
        .imports()
        .filter(|import| import.module() != PREVIEW1 || !offered.contains(import.name()));
    Ok(missing
        .map(|import| format!("{}::{}", import.module(), import.name()))
        .collect())
}

/// Whether an interface, as a component names it, is offered in a version that fits.
fn offered(import: &str) -> bool {
    let (name, version) = import.split_once('@').unwrap_or((import, ""));
    if !INTERFACES.contains(&name) {
        return false;
    }
    if name.starts_with("wasi:config/") {
        return version == "0.2.0-rc.1";
    }
    version
        .strip_prefix("0.2.")
        .is_some_and(|patch| patch.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interface_in_the_table_is_linked() {
        let engine = crate::engine::Engines::build(32).unwrap().tasks;
        let linkers = Linkers::new(&engine).unwrap();
        for interface in INTERFACES {
            let version = if interface.starts_with("wasi:config/") {
                "0.2.0-rc.1"
            } else {
                "0.2.0"
            };
            let import = format!("{interface}@{version}");
            assert!(offered(&import), "{import}");
            // An interface that is asked for nothing fits whenever it is defined.
            let text = format!(r#"(component (import "{import}" (instance)))"#);
            let component = Component::new(&engine, text).unwrap();
            linkers
                .component
                .instantiate_pre(&component)
                .unwrap_or_else(|e| panic!("{import}: {e:#}"));
        }
    }

    #[test]
    fn what_is_missing_is_named_each_time() {
        let engine = crate::engine::Engines::build(32).unwrap().tasks;
        let component = Component::new(
            &engine,
            r#"(component
                 (import "wasi:cli/stdout@0.2.6" (instance))
                 (import "acme:db/store@1.0.0" (instance))
                 (import "wasi:nn/graph@0.2.0-rc-2024-10-28" (instance)))"#,
        )
        .unwrap();
        assert_eq!(
            missing_of_component(&engine, &component),
            ["acme:db/store@1.0.0", "wasi:nn/graph@0.2.0-rc-2024-10-28"]
        );
        let module = Module::new(
            &engine,
            r#"(module
                 (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
                 (import "env" "emscripten_notify" (func))
                 (import "wasi_snapshot_preview1" "sock_open" (func)))"#,
        )
        .unwrap();
        assert_eq!(
            missing_of_module(&engine, &module).unwrap(),
            [
                "env::emscripten_notify",
                "wasi_snapshot_preview1::sock_open"
            ]
        );
    }
}
