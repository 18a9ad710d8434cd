//! Watches over the way to one peer: keeps a connection to it, measures how long an answer takes, and when the connection
//! breaks asks at once whether the peer's process is gone.
//!
//! The confusing thing: a process that is killed breaks its connections one by one and can be listening for a moment longer. That
//! somebody takes a connection therefore says nothing; only an answer does.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use super::{
    link::{Link, Times},
    wire::proto::PingRequest,
};

/// Longest wait for the sign that nobody listens. It comes at once where it comes at all.
const PROBE: Duration = Duration::from_millis(100);
/// How long until the next look after a connection broke: the next one may break at once as well.
const AGAIN: Duration = Duration::from_millis(50);
/// The first pause between two questions whether a peer is gone. Each next one is twice as long, up to [`AGAIN`].
const SOON: Duration = Duration::from_millis(5);

/// Runs until the link is given up.
pub async fn watch(link: Arc<Link>, times: Times, gone: mpsc::Sender<u64>) {
    loop {
        let lost = tokio::select! {
            () = link.closed() => return,
            lost = look(&link, times) => lost,
        };
        if !lost {
            continue;
        }
        let ended = tokio::select! {
            () = link.closed() => return,
            ended = has_ended(&link, times) => ended,
        };
        if ended {
            tracing::debug!(
                peer = format!("{:x}", link.id),
                "nobody listens at the peer's URLs"
            );
            if gone.try_send(link.id).is_err() {
                tracing::debug!("more peers are gone than are looked at");
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Asks, after a connection broke, until the peer answers or nobody listens any more; not for longer than silence is borne.
async fn has_ended(link: &Link, times: Times) -> bool {
    let end = Instant::now() + times.silence;
    let mut pause = SOON;
    loop {
        if link.is_gone(PROBE).await == Some(true) {
            return true;
        }
        if ping(link, times).await || Instant::now() >= end {
            return false;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(AGAIN);
    }
}

/// Asks for an answer, then waits for a while. Returns whether a connection broke.
async fn look(link: &Link, times: Times) -> bool {
    tokio::select! {
        () = link.lost() => return true,
        _ = ping(link, times) => {}
    }
    tokio::time::timeout(times.keep_alive, link.lost())
        .await
        .is_ok()
}

/// Asks for an answer. Returns whether it came.
async fn ping(link: &Link, times: Times) -> bool {
    let begun = Instant::now();
    let request = link.request_within(PingRequest {}, times.silence);
    let mut client = link.rest();
    let answer = tokio::time::timeout(times.silence, client.ping(request)).await;
    match answer {
        Ok(Ok(_)) => {
            link.counts()
                .round_trip_seconds
                .observe(begun.elapsed().as_secs_f64());
            return true;
        }
        Ok(Err(status)) => link.note(&status),
        Err(_) => {}
    }
    false
}
