//! The store as a server: etcd's gRPC and HTTP over the store, its flags, its tools.
//!
//! - [`flags`]: the command line, the environment, the configuration file.
//! - [`listen`]: sockets, TLS, one port for gRPC and HTTP.
//! - [`grpc`]: etcd's API. [`http`]: health, version, metrics. [`gateway`]: JSON. [`coordination`]: elections and locks.
//! - [`process`]: a member as a process. [`logging`]: its logs. [`snapshot`]: tools on snapshots.

pub mod clock;
pub mod coordination;
pub mod flags;
pub mod gateway;
pub mod grpc;
pub mod http;
pub mod listen;
pub mod logging;
pub mod process;
pub mod services;
pub mod snapshot;
pub mod version;

use std::{env, process::ExitCode};

use flags::Parsed;

/// Exit code after a mistake of the command line, as Go's `flag` has it.
const USAGE_EXIT: u8 = 2;

/// The tools on snapshots.
const SNAPSHOT: &str = "snapshot";

/// `store …`: runs a member, or a tool. `args` do not hold the program's name.
///
/// Exit codes: 0 after a stop that was asked for, 1 when the member could not start or had to end, 2 for a command line that
/// cannot be read.
pub fn run(args: &[String]) -> ExitCode {
    if let Some((SNAPSHOT, rest)) = args
        .split_first()
        .map(|(first, rest)| (first.as_str(), rest))
    {
        return snapshot::main(rest);
    }
    let environment: Vec<(String, String)> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let variables: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    match flags::parse(args, variables.iter().copied()) {
        Ok(Parsed::Help) => {
            println!("{}", flags::settings::help());
            ExitCode::SUCCESS
        }
        Ok(Parsed::Version) => {
            println!("etcd Version: {}", version::SERVER);
            println!("Hydrofoil Version: {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(Parsed::Run {
            settings,
            notes,
            config_file,
        }) => serve(*settings, notes, config_file),
        Err(mistake) if mistake.usage => {
            eprintln!("{}\n{}", mistake.words, flags::USAGE);
            ExitCode::from(USAGE_EXIT)
        }
        Err(mistake) => {
            eprintln!("failed to verify flags: {}", mistake.words);
            ExitCode::FAILURE
        }
    }
}

fn serve(
    settings: flags::Settings,
    notes: Vec<flags::Note>,
    config_file: Option<String>,
) -> ExitCode {
    if let Err(words) = logging::start(&settings.logs) {
        eprintln!("{words}");
        return ExitCode::FAILURE;
    }
    if let Some(path) = config_file {
        tracing::info!(
            path,
            "loaded server configuration, other configuration command line flags and environment variables will be ignored if provided"
        );
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the runtime cannot be started");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(process::run(settings, notes));
    // What still runs is of no use to anyone: the store is closed, or the process is to end at once.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "the member ended");
            ExitCode::FAILURE
        }
    }
}
