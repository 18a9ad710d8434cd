//! `snapshot save`: fetches a snapshot into a file that gets its name when it is whole.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use hydrofoil_etcd_wire::etcdserverpb::{SnapshotRequest, maintenance_client::MaintenanceClient};
use sha2::{Digest, Sha256};

use super::{
    ToolError,
    client::{self, ClientArgs},
};

/// Bytes of the hash at the end.
const HASH_BYTES: usize = 32;

/// Flags of `snapshot save`.
#[derive(Debug, Args)]
pub struct SaveArgs {
    /// The file to write
    pub filename: PathBuf,
    /// How the member is reached.
    #[command(flatten)]
    pub client: ClientArgs,
}

/// Saves.
pub fn run(args: &SaveArgs) -> Result<String, ToolError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| failed("starting", Path::new("the client"), error))?;
    let mut part = Part::create(&args.filename)?;
    runtime.block_on(fetch(&args.client, &mut part))?;
    part.finish(&args.filename)?;
    Ok(format!("Snapshot saved at {}\n", args.filename.display()))
}

async fn fetch(args: &ClientArgs, part: &mut Part) -> Result<(), ToolError> {
    let (channel, token) = client::connect(args).await?;
    let mut maintenance =
        MaintenanceClient::new(channel).max_decoding_message_size(client::MAX_MESSAGE_BYTES);
    let request = client::with_token(SnapshotRequest::default(), token.as_ref());
    let mut stream = maintenance
        .snapshot(request)
        .await
        .map_err(client::refused)?
        .into_inner();
    while let Some(chunk) = stream.message().await.map_err(client::refused)? {
        part.write(&chunk.blob)?;
    }
    part.check_whole()
}

/// The file while it is being written, gone again unless it is finished.
struct Part {
    path: PathBuf,
    file: fs::File,
    hash: Sha256,
    /// The last bytes, which may be the hash.
    tail: Vec<u8>,
    finished: bool,
}

fn failed(what: &str, path: &Path, error: io::Error) -> ToolError {
    ToolError::Io {
        what: format!("{what} {}", path.display()),
        error,
    }
}

impl Part {
    fn create(target: &Path) -> Result<Part, ToolError> {
        let mut path = target.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| failed("could not open", &path, error))?;
        Ok(Part {
            path,
            file,
            hash: Sha256::new(),
            tail: Vec::new(),
            finished: false,
        })
    }

    fn write(&mut self, blob: &[u8]) -> Result<(), ToolError> {
        let result = self.file.write_all(blob);
        result.map_err(|error| failed("writing", &self.path, error))?;
        self.tail.extend_from_slice(blob);
        let settled = self.tail.len().saturating_sub(HASH_BYTES);
        self.hash.update(&self.tail[..settled]);
        self.tail.drain(..settled);
        Ok(())
    }

    /// Whether what came ends with the hash of what came before.
    fn check_whole(&mut self) -> Result<(), ToolError> {
        let hash: [u8; HASH_BYTES] = std::mem::take(&mut self.hash).finalize().into();
        if self.tail == hash {
            return Ok(());
        }
        let what = "the snapshot came without its sha256 checksum or damaged";
        Err(ToolError::Remote(what.into()))
    }

    fn finish(mut self, target: &Path) -> Result<(), ToolError> {
        let synced = self.file.sync_all();
        synced.map_err(|error| failed("flushing", &self.path, error))?;
        fs::rename(&self.path, target)
            .map_err(|error| failed("could not rename to", target, error))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.finished {
            // What is left then has a name that says what it is.
            drop(fs::remove_file(&self.path));
        }
    }
}
