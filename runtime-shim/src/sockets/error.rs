//! One place that turns the operating system's errors into `wasi:sockets` error codes.

use std::io;

use rustix::io::Errno;
use wasmtime::component::ResourceTableError;

use super::bindings::ErrorCode;
use crate::network::address::{NotBindable, Unreachable};

/// What socket functions fail with: a code for the guest, or a trap.
#[derive(Debug)]
pub enum SocketError {
    /// The guest is told.
    Code(ErrorCode),
    /// The guest broke a rule of the interface, or used a handle it does not have.
    Trap(wasmtime::Error),
}

impl From<ErrorCode> for SocketError {
    fn from(code: ErrorCode) -> Self {
        Self::Code(code)
    }
}

impl From<ResourceTableError> for SocketError {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

/// Result of a socket function.
pub type SocketResult<T> = Result<T, SocketError>;

impl From<NotBindable> for ErrorCode {
    fn from(_: NotBindable) -> Self {
        Self::AddressNotBindable
    }
}

impl From<Unreachable> for ErrorCode {
    fn from(_: Unreachable) -> Self {
        Self::RemoteUnreachable
    }
}

/// The code for an error of the operating system, by number where it has one.
pub fn code(error: &io::Error) -> ErrorCode {
    match Errno::from_io_error(error) {
        Some(errno) => errno_code(errno),
        None => match error.kind() {
            io::ErrorKind::WouldBlock => ErrorCode::WouldBlock,
            io::ErrorKind::TimedOut => ErrorCode::Timeout,
            io::ErrorKind::InvalidInput => ErrorCode::InvalidArgument,
            _ => ErrorCode::Unknown,
        },
    }
}

/// The code for an error number.
pub fn errno_code(errno: Errno) -> ErrorCode {
    match errno {
        Errno::AGAIN | Errno::INTR | Errno::INPROGRESS => ErrorCode::WouldBlock,
        Errno::ACCESS | Errno::PERM => ErrorCode::AccessDenied,
        Errno::INVAL => ErrorCode::InvalidArgument,
        Errno::NOMEM | Errno::NOBUFS => ErrorCode::OutOfMemory,
        Errno::TIMEDOUT => ErrorCode::Timeout,
        Errno::ALREADY => ErrorCode::ConcurrencyConflict,
        Errno::ISCONN | Errno::NOTCONN | Errno::DESTADDRREQ => ErrorCode::InvalidState,
        Errno::MFILE | Errno::NFILE => ErrorCode::NewSocketLimit,
        Errno::ADDRNOTAVAIL => ErrorCode::AddressNotBindable,
        Errno::ADDRINUSE => ErrorCode::AddressInUse,
        Errno::HOSTUNREACH
        | Errno::NETUNREACH
        | Errno::HOSTDOWN
        | Errno::NETDOWN
        | Errno::NONET => ErrorCode::RemoteUnreachable,
        Errno::CONNREFUSED => ErrorCode::ConnectionRefused,
        Errno::CONNRESET | Errno::PIPE => ErrorCode::ConnectionReset,
        Errno::CONNABORTED => ErrorCode::ConnectionAborted,
        Errno::MSGSIZE => ErrorCode::DatagramTooLarge,
        Errno::OPNOTSUPP
        | Errno::NOPROTOOPT
        | Errno::AFNOSUPPORT
        | Errno::PROTONOSUPPORT
        | Errno::SOCKTNOSUPPORT => ErrorCode::NotSupported,
        _ => ErrorCode::Unknown,
    }
}

/// Shorthand: an error of the operating system as what a host function returns.
pub fn fail(error: &io::Error) -> SocketError {
    code(error).into()
}
