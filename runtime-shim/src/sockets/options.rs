//! Socket options with the ranges that `wasi:sockets` promises: zero is an error, what is out of range is brought into it.

use std::time::Duration;

use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::net::sockopt;

use super::bindings::ErrorCode;
use super::error::{SocketResult, errno_code};

/// Linux takes keep-alive times of 1 to 32767 whole seconds.
const KEEP_ALIVE_SECONDS: std::ops::RangeInclusive<u64> = 1..=32_767;
/// Linux takes 1 to 127 keep-alive probes.
const KEEP_ALIVE_PROBES: std::ops::RangeInclusive<u32> = 1..=127;
const NANOS: u64 = 1_000_000_000;

fn fail(errno: Errno) -> super::error::SocketError {
    errno_code(errno).into()
}

fn not_zero(value: u64) -> SocketResult<()> {
    if value == 0 {
        return Err(ErrorCode::InvalidArgument.into());
    }
    Ok(())
}

fn keep_alive_time(nanos: u64) -> Duration {
    let seconds = nanos
        .div_ceil(NANOS)
        .clamp(*KEEP_ALIVE_SECONDS.start(), *KEEP_ALIVE_SECONDS.end());
    Duration::from_secs(seconds)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Whether keep-alive probes are sent.
pub fn keep_alive(fd: BorrowedFd<'_>) -> SocketResult<bool> {
    sockopt::socket_keepalive(fd).map_err(fail)
}

/// Switches keep-alive probes.
pub fn set_keep_alive(fd: BorrowedFd<'_>, on: bool) -> SocketResult<()> {
    sockopt::set_socket_keepalive(fd, on).map_err(fail)
}

/// Quiet time before the first probe, in nanoseconds.
pub fn keep_alive_idle(fd: BorrowedFd<'_>) -> SocketResult<u64> {
    sockopt::tcp_keepidle(fd).map(nanos).map_err(fail)
}

/// Sets the quiet time before the first probe, in nanoseconds.
pub fn set_keep_alive_idle(fd: BorrowedFd<'_>, value: u64) -> SocketResult<()> {
    not_zero(value)?;
    sockopt::set_tcp_keepidle(fd, keep_alive_time(value)).map_err(fail)
}

/// Time between probes, in nanoseconds.
pub fn keep_alive_interval(fd: BorrowedFd<'_>) -> SocketResult<u64> {
    sockopt::tcp_keepintvl(fd).map(nanos).map_err(fail)
}

/// Sets the time between probes, in nanoseconds.
pub fn set_keep_alive_interval(fd: BorrowedFd<'_>, value: u64) -> SocketResult<()> {
    not_zero(value)?;
    sockopt::set_tcp_keepintvl(fd, keep_alive_time(value)).map_err(fail)
}

/// Probes without an answer before the connection is given up.
pub fn keep_alive_count(fd: BorrowedFd<'_>) -> SocketResult<u32> {
    sockopt::tcp_keepcnt(fd).map_err(fail)
}

/// Sets the number of probes.
pub fn set_keep_alive_count(fd: BorrowedFd<'_>, value: u32) -> SocketResult<()> {
    not_zero(u64::from(value))?;
    let value = value.clamp(*KEEP_ALIVE_PROBES.start(), *KEEP_ALIVE_PROBES.end());
    sockopt::set_tcp_keepcnt(fd, value).map_err(fail)
}

/// Hops a packet may take. `ipv6` says what the host's socket is.
pub fn hop_limit(fd: BorrowedFd<'_>, ipv6: bool) -> SocketResult<u8> {
    if ipv6 {
        sockopt::ipv6_unicast_hops(fd).map_err(fail)
    } else {
        let ttl = sockopt::ip_ttl(fd).map_err(fail)?;
        u8::try_from(ttl).map_err(|_| ErrorCode::NotSupported.into())
    }
}

/// Sets the hops a packet may take.
pub fn set_hop_limit(fd: BorrowedFd<'_>, ipv6: bool, value: u8) -> SocketResult<()> {
    not_zero(u64::from(value))?;
    if ipv6 {
        sockopt::set_ipv6_unicast_hops(fd, Some(value)).map_err(fail)
    } else {
        sockopt::set_ip_ttl(fd, u32::from(value)).map_err(fail)
    }
}

/// Receive buffer in bytes. Linux reports twice what was set, for its own bookkeeping.
pub fn receive_buffer(fd: BorrowedFd<'_>) -> SocketResult<u64> {
    let size = sockopt::socket_recv_buffer_size(fd).map_err(fail)?;
    Ok(u64::try_from(size / 2).unwrap_or(u64::MAX))
}

/// Asks for a receive buffer; the kernel caps it.
pub fn set_receive_buffer(fd: BorrowedFd<'_>, value: u64) -> SocketResult<()> {
    not_zero(value)?;
    sockopt::set_socket_recv_buffer_size(fd, buffer_size(value)).map_err(fail)
}

/// Send buffer in bytes.
pub fn send_buffer(fd: BorrowedFd<'_>) -> SocketResult<u64> {
    let size = sockopt::socket_send_buffer_size(fd).map_err(fail)?;
    Ok(u64::try_from(size / 2).unwrap_or(u64::MAX))
}

/// Asks for a send buffer; the kernel caps it.
pub fn set_send_buffer(fd: BorrowedFd<'_>, value: u64) -> SocketResult<()> {
    not_zero(value)?;
    sockopt::set_socket_send_buffer_size(fd, buffer_size(value)).map_err(fail)
}

fn buffer_size(value: u64) -> usize {
    const LARGEST: usize = i32::MAX as usize;
    usize::try_from(value).unwrap_or(LARGEST).min(LARGEST)
}
