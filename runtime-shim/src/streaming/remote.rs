//! A client's end of a command, whatever it is spoken over: its input, its outputs, and how it is told the end.

use bytes::Bytes;
use hydrofoil_streams::protocol::Abilities;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{PIECE, spdy, websocket};

/// Bytes from the client, until it closes that stream.
pub type Incoming = mpsc::Receiver<Bytes>;

/// The client is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// A stream to the client.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// A stream of a SPDY connection.
    Spdy(spdy::Sink),
    /// A channel of a websocket.
    Channel(websocket::Sink),
}

impl Outgoing {
    /// Sends bytes. Waits while the client does not read.
    pub async fn send(&self, mut bytes: Bytes) -> Result<(), Gone> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE));
            match self {
                Self::Spdy(sink) => sink.send(piece).await?,
                Self::Channel(sink) => sink.send(piece).await?,
            }
        }
        Ok(())
    }

    /// Ends the stream.
    pub async fn finish(self) {
        match self {
            Self::Spdy(sink) => sink.finish().await,
            // A channel has no end but the connection's.
            Self::Channel(_) => {}
        }
    }
}

/// See the module header.
#[derive(Debug)]
pub struct Remote {
    /// What the client types, if that was asked for.
    pub stdin: Option<Incoming>,
    /// Where the program prints.
    pub stdout: Option<Outgoing>,
    /// Where the program complains.
    pub stderr: Option<Outgoing>,
    /// Cancelled when the client is gone.
    pub gone: CancellationToken,
    pub(super) error: Outgoing,
    pub(super) abilities: Abilities,
    pub(super) close: Close,
}

/// How the connection is ended.
#[derive(Debug)]
pub enum Close {
    /// SPDY's.
    Spdy(spdy::Closer),
    /// A websocket's.
    Channel(websocket::Sink),
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It ended with this code.
    Exited(i32),
    /// It could not be run, or not to its end: in words for the client.
    Failed(String),
}

impl Outcome {
    /// As a `Status` (upstream: `writeStatus` of the kubelet's remotecommand server).
    fn status(&self) -> serde_json::Value {
        match self {
            Self::Exited(0) => json!({"metadata": {}, "status": "Success"}),
            Self::Exited(code) => json!({
                "metadata": {},
                "status": "Failure",
                "message": format!("command terminated with non-zero exit code: exit status {code}"),
                "reason": "NonZeroExitCode",
                "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
            }),
            Self::Failed(words) => json!({
                "metadata": {},
                "status": "Failure",
                "message": format!("Internal error occurred: {words}"),
                "reason": "InternalError",
                "details": {"causes": [{"message": words}]},
                "code": 500,
            }),
        }
    }

    /// For clients from before there was a `Status`: nothing is success.
    fn words(&self) -> String {
        match self {
            Self::Exited(0) => String::new(),
            Self::Exited(code) => {
                format!("command terminated with non-zero exit code: exit status {code}")
            }
            Self::Failed(words) => words.clone(),
        }
    }
}

impl Remote {
    /// Tells the client how it ended, and hangs up.
    pub async fn end(self, outcome: &Outcome) {
        let told = if self.abilities.status {
            outcome.status().to_string()
        } else {
            outcome.words()
        };
        let _ = self.error.send(told.into()).await;
        for stream in [self.stdout, self.stderr, Some(self.error)]
            .into_iter()
            .flatten()
        {
            stream.finish().await;
        }
        match self.close {
            Close::Spdy(closer) => closer.close().await,
            Close::Channel(sink) => sink.close().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_status_or_words() {
        let seven = Outcome::Exited(7);
        assert_eq!(seven.status()["details"]["causes"][0]["message"], "7");
        assert_eq!(seven.status()["reason"], "NonZeroExitCode");
        assert_eq!(Outcome::Exited(0).status()["status"], "Success");
        assert_eq!(Outcome::Exited(0).words(), "");
        let failed = Outcome::Failed("no such thing".into());
        assert_eq!(
            failed.status()["message"],
            "Internal error occurred: no such thing"
        );
        assert_eq!(failed.words(), "no such thing");
    }
}
