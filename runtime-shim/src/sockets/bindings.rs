//! Host traits of `wasi:sockets`, generated from `wit/`, with our resource types; `wasi:io` is wasmtime-wasi's, so that streams and
//! pollables are the ones every other interface uses.

#![allow(
    missing_docs,
    unused_qualifications,
    clippy::all,
    reason = "generated code"
)]

wasmtime::component::bindgen!({
    path: "wit",
    world: "hydrofoil:runtime/guest-sockets",
    imports: {
        "wasi:sockets/udp-create-socket.create-udp-socket": async | trappable,
        default: trappable,
    },
    require_store_data_send: true,
    with: {
        "wasi:io": wasmtime_wasi::p2::bindings::io,
        "wasi:sockets/network.network": super::network::Network,
        "wasi:sockets/tcp.tcp-socket": super::tcp::TcpSocket,
        "wasi:sockets/udp.udp-socket": super::udp::UdpSocket,
        "wasi:sockets/udp.incoming-datagram-stream": super::udp::Incoming,
        "wasi:sockets/udp.outgoing-datagram-stream": super::udp::Outgoing,
        "wasi:sockets/ip-name-lookup.resolve-address-stream": super::lookup::AddressStream,
    },
    trappable_error_type: {
        "wasi:sockets/network.error-code" => super::error::SocketError,
    },
});

pub use wasi::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
