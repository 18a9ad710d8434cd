//! The binary: it parses the command line, reads configuration and wires the rooms together, nothing else.

mod allocator;
mod apiserver;
mod credentials;
mod kubeconfig;
mod logging;
mod paths;
mod push;
mod registries;
mod rooms;
mod runtime;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Scaling out is many small objects, made on one thread and freed on another: glibc's allocator took a sixth of the time.
#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

/// The command whose arguments are not clap's.
const STORE: &str = "store";

/// A Kubernetes cluster for WebAssembly in one binary.
#[derive(Parser)]
#[command(name = "hydrofoil", version, about, max_term_width = 120)]
struct Cli {
    #[command(flatten)]
    log: logging::LogArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a whole single-node cluster in this process, without root.
    Up(Box<up::UpArgs>),
    /// Run a member of the store with etcd's flags, or a tool on its snapshots. See `hydrofoil store --help`.
    Store,
    /// Run the API server alone, over a store of its own or over etcd.
    Apiserver(Box<apiserver::ApiserverArgs>),
    /// Run the container runtime alone, for any kubelet.
    Runtime(Box<runtime::RuntimeArgs>),
    /// Push a Wasm module or component to an OCI registry.
    Push(push::PushArgs),
    /// Print the cluster's kubeconfig, or merge it into yours.
    Kubeconfig(kubeconfig::KubeconfigArgs),
}

fn main() -> anyhow::Result<ExitCode> {
    // etcd's flags are Go's, which clap does not read, and its logs are set by them.
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == STORE) {
        let args: Vec<String> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
        return Ok(hydrofoil_store_server::run(&args));
    }
    let cli = Cli::parse();
    logging::start(&cli.log)?;
    match cli.command {
        Command::Up(args) => up::run(*args)?,
        Command::Store => anyhow::bail!("flags of other commands stand after `{STORE}`, if at all"),
        Command::Apiserver(args) => apiserver::run(&args)?,
        Command::Runtime(args) => runtime::run(*args)?,
        Command::Push(args) => push::run(args)?,
        Command::Kubeconfig(args) => kubeconfig::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}
