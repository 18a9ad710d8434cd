//! Watches over the way to one peer: keeps a connection to it, measures how long an answer takes, and when the connection
//! breaks asks at once whether the peer's process is gone.

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
        if link.is_gone(PROBE).await == Some(true) {
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

/// Asks for an answer, then waits for a while. Returns whether a connection broke.
async fn look(link: &Link, times: Times) -> bool {
    tokio::select! {
        () = link.lost() => return true,
        () = ping(link, times) => {}
    }
    tokio::time::timeout(times.keep_alive, link.lost())
        .await
        .is_ok()
}

async fn ping(link: &Link, times: Times) {
    let begun = Instant::now();
    let request = link.request_within(PingRequest {}, times.silence);
    let mut client = link.rest();
    let answer = tokio::time::timeout(times.silence, client.ping(request)).await;
    match answer {
        Ok(Ok(_)) => link.observe_round_trip(begun.elapsed()),
        Ok(Err(status)) => link.note(&status),
        Err(_) => {}
    }
}
