//! Runs a guest that has an end: a `wasi:cli/run` component or a preview 1 module.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use wasmtime::{InstancePre, Store, component};
use wasmtime_wasi::p2::bindings::CommandPre;

use super::control::{Ended, Supervised};
use super::exit::{is_trap, trap_text};
use super::{Exit, Guest, GuestState};
use crate::engine::Entry;

/// What is wrong with a guest's end: it returned an error rather than exiting.
const FAILED: i32 = 1;

/// Which of a program's beginnings is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The one that its containers take.
    Main,
    /// The function `run` of this export, as `wasi:cli/run` has it.
    Export(String),
}

/// Runs the guest to its end. The caller serves HTTP programs itself, unless one of their exports is meant.
pub async fn run(guest: Arc<Guest>, entry: &Entry, start: &Start) -> Exit {
    let engine = match (entry, start) {
        (Entry::Command(pre), _) => pre.engine(),
        (Entry::Module(pre), _) => pre.module().engine(),
        (Entry::Http(pre), Start::Export(_)) => pre.engine(),
        (Entry::Http(_), Start::Main) => {
            return Exit::not_started("an HTTP program is served, not run");
        }
    };
    let yielded = Arc::new(AtomicBool::new(false));
    let mut store = match guest.store(engine, Arc::clone(&yielded)) {
        Ok(store) => store,
        Err(error) => return Exit::not_started(error.to_string()),
    };
    let running = async {
        match (entry, start) {
            (Entry::Command(pre), Start::Main) => run_command(pre, &mut store).await,
            (Entry::Module(pre), _) => run_module(pre, &mut store).await,
            (Entry::Command(pre), Start::Export(name)) => {
                run_export(pre.instance_pre(), name, &mut store).await
            }
            (Entry::Http(pre), Start::Export(name)) => {
                run_export(pre.instance_pre(), name, &mut store).await
            }
            (Entry::Http(_), Start::Main) => Ok(0),
        }
    };
    let ended = Supervised::new(&guest.meter, &guest.control, yielded, running).await;
    match ended {
        Ended::Stopped => Exit::terminated(),
        Ended::Killed => Exit::killed(),
        // Interrupted: the error is the interruption's.
        Ended::Returned(Err(_)) if guest.control.kill.is_cancelled() => Exit::killed(),
        Ended::Returned(Ok(code)) => Exit::with_code(code),
        Ended::Returned(Err(error)) => failed(&guest, &store, &error),
    }
}

async fn run_export(
    pre: &component::InstancePre<GuestState>,
    name: &str,
    store: &mut Store<GuestState>,
) -> wasmtime::Result<i32> {
    let instance = pre.instantiate_async(&mut *store).await?;
    let run = instance
        .get_export_index(&mut *store, None, name)
        .and_then(|outer| instance.get_export_index(&mut *store, Some(&outer), "run"))
        .ok_or_else(|| wasmtime::format_err!("{name} exports no function \"run\""))?;
    let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, &run)?;
    let (result,) = run.call_async(&mut *store, ()).await?;
    Ok(if result.is_ok() { 0 } else { FAILED })
}

async fn run_command(
    pre: &CommandPre<GuestState>,
    store: &mut Store<GuestState>,
) -> wasmtime::Result<i32> {
    let command = pre.instantiate_async(&mut *store).await?;
    let result = command.wasi_cli_run().call_run(&mut *store).await?;
    Ok(if result.is_ok() { 0 } else { FAILED })
}

async fn run_module(
    pre: &InstancePre<GuestState>,
    store: &mut Store<GuestState>,
) -> wasmtime::Result<i32> {
    let instance = pre.instantiate_async(&mut *store).await?;
    let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
    start.call_async(&mut *store, ()).await?;
    Ok(0)
}

/// A guest that ended with an error: its exit, a lack of memory, or a trap, whose backtrace goes to the log.
fn failed(guest: &Guest, store: &Store<GuestState>, error: &wasmtime::Error) -> Exit {
    if !is_trap(error) {
        return Exit::of_error(error);
    }
    store.data().log_line(&trap_text(error));
    if store.data().denied().is_some() {
        guest.metrics.out_of_memory.increment();
        return Exit::out_of_memory(guest.budget.limit());
    }
    guest.metrics.traps.increment();
    Exit::of_error(error)
}
