//! Where log lines go: to standard error, at a level that the user chooses. Not for: what is logged, which each room decides.

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Flags that every command takes.
#[derive(Args, Debug)]
pub struct LogArgs {
    /// What to log: a level, or `room=level` pairs such as `hydrofoil_apiserver=debug,warn`.
    #[arg(
        long,
        global = true,
        default_value = "warn,openraft=error",
        env = "HYDROFOIL_LOG",
        value_name = "FILTER"
    )]
    log: String,
    /// How log lines look.
    #[arg(long, global = true, value_enum, default_value = "text")]
    log_format: LogFormat,
}

/// Installs the process's log. Fails when the filter cannot be read.
pub fn start(args: &LogArgs) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.log)
        .with_context(|| format!("--log: {:?} is no log filter", args.log))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match args.log_format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}
