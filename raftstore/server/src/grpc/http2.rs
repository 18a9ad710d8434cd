//! HTTP/2 settings of who serves gRPC. etcd's servers have those of Go's gRPC library.

use std::time::Duration;

/// Streams that a connection may have at once. etcd's default is no limit; this is what its flag `--max-concurrent-streams`
/// overrides.
pub const MAX_CONCURRENT_STREAMS: u32 = u32::MAX;
/// Bytes of a request that may be on their way on one stream. Go begins with 64 KiB and grows; a request is larger than that
/// seldom.
pub const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
/// Bytes of requests that may be on their way on one connection: it bounds what a connection can make us buffer.
pub const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;
/// Bytes of responses that a stream buffers while its client does not read.
pub const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// Bytes of the headers of one request.
pub const HEADER_LIST_BYTES: u32 = 64 * 1024;
/// Silence after which a connection is asked whether it lives (etcd's `--grpc-keepalive-interval`).
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2 * 60 * 60);
/// How long it may take to answer that (etcd's `--grpc-keepalive-timeout`).
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
