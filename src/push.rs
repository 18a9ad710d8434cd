//! `hydrofoil push`: a Wasm file becomes an artifact in a registry, with progress on the terminal.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use hydrofoil_runtime_shim::image::{Auth, Progress, PushOptions, Reference, push};

use crate::registries::RegistryArgs;

/// Flags of `hydrofoil push`.
#[derive(Args, Debug)]
pub struct PushArgs {
    /// The module or component to push.
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Where to: `registry/repository:tag`. Registries on loopback are spoken to in plain HTTP, others in HTTPS.
    #[arg(value_name = "REF")]
    reference: String,
    /// Speak plain HTTP to the registry.
    #[arg(long)]
    plain_http: bool,
    /// Put an annotation on the artifact's manifest.
    #[arg(long = "annotation", value_name = "KEY=VALUE")]
    annotations: Vec<String>,
    #[command(flatten)]
    registries: RegistryArgs,
}

/// Runs the command.
pub fn run(args: PushArgs) -> anyhow::Result<()> {
    let reference: Reference = args
        .reference
        .parse()
        .with_context(|| format!("{:?} is no image reference", args.reference))?;
    let plain_http = args.plain_http.then(|| reference.registry().to_owned());
    let registries = args.registries.registries(plain_http)?;
    let options = PushOptions {
        registries,
        auth: Auth::Anonymous,
        created: Some(now()),
        annotations: annotations(&args.annotations)?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let pushed = runtime.block_on(push(&args.file, &reference, options, report))?;
    println!(
        "{reference}@{} ({} bytes, {:?})",
        pushed.digest, pushed.size, pushed.kind
    );
    Ok(())
}

fn annotations(given: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut annotations = BTreeMap::new();
    for text in given {
        let Some((key, value)) = text.split_once('=') else {
            bail!("--annotation {text:?}: KEY=VALUE is wanted")
        };
        annotations.insert(key.to_owned(), value.to_owned());
    }
    Ok(annotations)
}

/// A line that is written over on a terminal, a line for each finished blob elsewhere.
fn report(progress: Progress) {
    let mut out = std::io::stderr().lock();
    let terminal = out.is_terminal();
    // Progress that cannot be shown is no reason to fail.
    let _ = match progress {
        Progress::Exists { digest, total } => {
            writeln!(out, "{digest}  {total} bytes, already there")
        }
        Progress::Sent {
            digest,
            sent,
            total,
        } if sent == total => {
            writeln!(
                out,
                "{}{digest}  {total} bytes",
                if terminal { "\r" } else { "" }
            )
        }
        Progress::Sent {
            digest,
            sent,
            total,
        } if terminal => write!(out, "\r{digest}  {sent} of {total} bytes"),
        Progress::Sent { .. } => Ok(()),
    };
}

#[expect(
    clippy::disallowed_methods,
    reason = "the artifact says when it was made"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::annotations;

    #[test]
    fn annotations_are_pairs() {
        let given = ["a=b=c".to_owned(), "d=".to_owned()];
        let read = annotations(&given).expect("pairs");
        assert_eq!((read["a"].as_str(), read["d"].as_str()), ("b=c", ""));
        assert!(annotations(&["alone".to_owned()]).is_err());
    }
}
