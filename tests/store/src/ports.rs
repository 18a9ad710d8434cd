//! Ports for programs that can't take one from the kernel: etcd is told its port in flags that other members need too.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::bail;

// Below the range from which the kernel takes ports for outgoing connections.
const FIRST: u16 = 11_000;
const LAST: u16 = 31_000;

static NEXT: AtomicU16 = AtomicU16::new(0);
static TURN: Mutex<()> = Mutex::new(());

/// Finds `count` ports that nobody listens on now, and that no earlier call of this process has returned. Another program can
/// still take one before its user does: who starts a server on them tries again with others.
pub fn free(count: usize) -> anyhow::Result<Vec<u16>> {
    let _turn = TURN.lock();
    let mut found = Vec::with_capacity(count);
    for _ in 0..(LAST - FIRST) {
        let port = next();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            found.push(port);
            if found.len() == count {
                return Ok(found);
            }
        }
    }
    bail!("no {count} free ports between {FIRST} and {LAST}")
}

fn next() -> u16 {
    // Processes start at different places, so that two test runs seldom meet.
    let start = (std::process::id() % 900) as u16 * 20;
    let step = NEXT.fetch_add(1, Ordering::Relaxed) % (LAST - FIRST);
    FIRST + (start + step) % (LAST - FIRST)
}
