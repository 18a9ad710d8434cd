//! A TCP echo server over `wasi:sockets`, through Rust's own `std::net`: what comes in goes back.
//!
//! It binds 0.0.0.0, which in a pod means the pod's address. WebAssembly has no threads here, so one loop serves all connections and
//! `poll` tells it which of them have something to say.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};

const LISTEN: &str = "0.0.0.0:7000";
/// More connections than this wait in the listener's queue.
const MAX_CONNECTIONS: usize = 256;
/// What a connection may have sent that it has not yet taken back, in bytes.
const BUFFER_BYTES: usize = 16 << 10;

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    ended: bool,
}

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(LISTEN)?;
    listener.set_nonblocking(true)?;
    println!("listening on {}", listener.local_addr()?);
    let mut connections: Vec<Connection> = Vec::new();
    loop {
        wait(&listener, &connections)?;
        while connections.len() < MAX_CONNECTIONS {
            match listener.accept() {
                Ok((stream, _)) => {
                    if stream.set_nonblocking(true).is_ok() {
                        connections.push(Connection {
                            stream,
                            buffer: Vec::new(),
                            ended: false,
                        });
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => {
                    eprintln!("accept: {error}");
                    break;
                }
            }
        }
        connections.retain_mut(|connection| serve(connection).is_ok_and(|open| open));
    }
}

/// Moves what can be moved; false when the other side is done and has everything back.
fn serve(connection: &mut Connection) -> std::io::Result<bool> {
    let mut chunk = [0; 4096];
    while !connection.ended && connection.buffer.len() < BUFFER_BYTES {
        match connection.stream.read(&mut chunk) {
            Ok(0) => connection.ended = true,
            Ok(read) => connection.buffer.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    while !connection.buffer.is_empty() {
        match connection.stream.write(&connection.buffer) {
            Ok(written) => drop(connection.buffer.drain(..written)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(!connection.ended || !connection.buffer.is_empty())
}

/// Sleeps until some socket can go on.
fn wait(listener: &TcpListener, connections: &[Connection]) -> std::io::Result<()> {
    let mut sockets = Vec::with_capacity(connections.len() + 1);
    if connections.len() < MAX_CONNECTIONS {
        sockets.push(interest(listener.as_raw_fd(), libc::POLLIN));
    }
    for connection in connections {
        let mut events = 0;
        if !connection.ended && connection.buffer.len() < BUFFER_BYTES {
            events |= libc::POLLIN;
        }
        if !connection.buffer.is_empty() {
            events |= libc::POLLOUT;
        }
        sockets.push(interest(connection.stream.as_raw_fd(), events));
    }
    // SAFETY: the pointer and the length are those of one vector, which outlives the call.
    let ready = unsafe { libc::poll(sockets.as_mut_ptr(), sockets.len() as libc::nfds_t, -1) };
    if ready < 0 {
        Err(std::io::Error::last_os_error())
    } else {
        Ok(())
    }
}

fn interest(fd: RawFd, events: libc::c_short) -> libc::pollfd {
    libc::pollfd {
        fd,
        events,
        revents: 0,
    }
}
