//! What belongs to a container ([`Guest`]) and what to one instance of it ([`GuestState`], the data of a wasmtime store).

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{ResourceTable, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_config::{WasiConfig, WasiConfigVariables};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::control::{Control, Meter, Yielded};
use super::http::{OutgoingHttp, Served};
use super::limits::{Denial, Limiter, MemoryBudget};
use super::mounts::{MountError, Mounts};
use super::stdio::{Input, Output, Stdio};
use crate::logs::{LogFile, LogSink, Source};
use crate::metrics::Metrics;
use crate::sockets::{GuestNet, SocketsView};

/// Epoch ticks a guest computes before it gives way.
const TICKS_PER_TURN: u64 = 1;
/// Annotations with this prefix are in a guest's `wasi:config`, beside its environment.
pub const CONFIG_ANNOTATION_PREFIX: &str = "config.hydrofoil.dev/";
/// Resources (streams, files, sockets, pollables) one instance may hold.
const MAX_RESOURCES: usize = 16_384;

/// A container, as its instances see it. Not `Debug`: its environment may hold secrets.
pub struct Guest {
    /// `argv`.
    pub args: Vec<String>,
    /// Environment, each name once.
    pub env: Vec<(String, String)>,
    /// Working directory; empty for none.
    pub cwd: String,
    /// `wasi:config` entries from annotations.
    pub config: Vec<(String, String)>,
    /// Files.
    pub mounts: Arc<Mounts>,
    /// Its standard streams.
    pub stdio: Stdio,
    /// Network.
    pub net: Arc<GuestNet>,
    /// Memory.
    pub budget: Arc<MemoryBudget>,
    /// Log.
    pub log: Arc<LogFile>,
    /// Stop and kill.
    pub control: Control,
    /// CPU time.
    pub meter: Meter,
    /// What it has answered.
    pub served: Arc<Served>,
    /// The runtime's counters.
    pub metrics: Arc<Metrics>,
    /// Requests that all guests together may answer at once.
    pub slots: Arc<Semaphore>,
    /// `config` and `env`, made when a guest first asks.
    pub variables: OnceLock<WasiConfigVariables>,
}

/// The data of one instance's store.
pub struct GuestState {
    wasi: WasiP1Ctx,
    http: WasiHttpCtx,
    outgoing: OutgoingHttp,
    guest: Arc<Guest>,
    limiter: Limiter,
    stderr: Output,
    kill: CancellationToken,
    yielded: Yielded,
}

/// The order to end came while the guest computed.
#[derive(Debug, thiserror::Error)]
#[error("the guest was interrupted")]
pub struct Interrupted;

impl Guest {
    /// A store for one instance. `yielded` is set whenever the instance gives way while it computes.
    pub fn store(
        self: &Arc<Self>,
        engine: &Engine,
        yielded: Yielded,
    ) -> Result<Store<GuestState>, MountError> {
        let (stdout, stderr) = self.outputs();
        let mut builder = WasiCtxBuilder::new();
        builder
            .args(&self.args)
            .envs(&self.env)
            .stdout(stdout)
            .stderr(stderr.clone());
        if let Some(pipe) = &self.stdio.stdin {
            builder.stdin(Input::new(pipe.clone(), self.stdio.terminal));
        }
        if !self.cwd.is_empty() {
            builder.initial_cwd(&self.cwd);
        }
        self.mounts.apply(&mut builder)?;
        let state = GuestState {
            wasi: builder.build_p1(),
            http: WasiHttpCtx::new(),
            outgoing: OutgoingHttp::new(Arc::clone(&self.net)),
            limiter: Limiter::new(Arc::clone(&self.budget)),
            guest: Arc::clone(self),
            stderr,
            kill: self.control.kill.clone(),
            yielded,
        };
        let mut store = Store::new(engine, state);
        store.data_mut().table().set_max_capacity(MAX_RESOURCES);
        store.limiter(|state| &mut state.limiter);
        store.set_epoch_deadline(TICKS_PER_TURN);
        store.epoch_deadline_callback(|mut store| {
            let state = store.data_mut();
            if state.kill.is_cancelled() {
                return Err(Interrupted.into());
            }
            state.yielded.store(true, Ordering::Relaxed);
            Ok(UpdateDeadline::Yield(TICKS_PER_TURN))
        });
        Ok(store)
    }

    /// Its stdout and stderr, which on a terminal are one.
    fn outputs(&self) -> (Output, Output) {
        let terminal = self.stdio.terminal;
        if let Some((stdout, stderr)) = self.stdio.pipes.clone() {
            return (
                Output::pipe(stdout, terminal),
                Output::pipe(stderr, terminal),
            );
        }
        let sink = |source| LogSink::new(Arc::clone(&self.log), source);
        let stdout = Output::log(sink(Source::Stdout), terminal);
        let stderr = if terminal {
            stdout.clone()
        } else {
            Output::log(sink(Source::Stderr), false)
        };
        (stdout, stderr)
    }
}

impl GuestState {
    /// Preview 1's view.
    pub fn preview1(&mut self) -> &mut WasiP1Ctx {
        &mut self.wasi
    }

    /// `wasi:sockets`' view.
    pub fn sockets_view(&mut self) -> SocketsView<'_> {
        SocketsView {
            net: &self.guest.net,
            table: self.wasi.ctx().table,
        }
    }

    /// `wasi:config`'s view.
    pub fn config(&mut self) -> WasiConfig<'_> {
        let guest = &self.guest;
        let variables = guest.variables.get_or_init(|| {
            let pairs = guest.env.iter().chain(&guest.config);
            pairs.map(|(k, v)| (k.clone(), v.clone())).collect()
        });
        WasiConfig::new(variables)
    }

    /// Whether the instance was refused memory.
    pub const fn denied(&self) -> Option<Denial> {
        self.limiter.denied()
    }

    /// Writes a line of the runtime's own where the guest's stderr goes, after what the guest wrote.
    pub fn log_line(&self, text: &str) {
        let mut line = text.trim_end().to_owned();
        line.push('\n');
        self.stderr.say(line.as_bytes());
    }

    fn table(&mut self) -> &mut ResourceTable {
        self.wasi.ctx().table
    }
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.ctx()
    }
}

impl WasiHttpView for GuestState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.outgoing,
            table: self.wasi.ctx().table,
            ctx: &mut self.http,
        }
    }
}
