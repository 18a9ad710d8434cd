//! The binary: it parses the command line, reads configuration and wires the rooms together, nothing else.

mod kubeconfig;
mod logging;
mod paths;
mod push;
mod rooms;
mod up;

use clap::{Parser, Subcommand};

/// Scaling out is many small objects, made on one thread and freed on another: glibc's allocator took a sixth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// Push a Wasm module or component to an OCI registry.
    Push(push::PushArgs),
    /// Print the cluster's kubeconfig, or merge it into yours.
    Kubeconfig(kubeconfig::KubeconfigArgs),
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    logging::start(&cli.log)?;
    match cli.command {
        Command::Up(args) => up::run(*args),
        Command::Push(args) => push::run(args),
        Command::Kubeconfig(args) => kubeconfig::run(&args),
    }
}
