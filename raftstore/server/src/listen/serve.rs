//! Accepting connections, with bounds on how many there are and on what each may take before it is served.
//!
//! A stop comes in two steps: after `stop` nothing is accepted and every connection is told to finish; after `abort` what is left is
//! cut. Both are the caller's to time.

use std::{io, sync::Arc, time::Duration};

use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use rustls::pki_types::CertificateDer;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    ClientCertificate, Connection,
    address::{Listener, Stream},
    gather::Gather,
    mux::Mux,
    tls::Tls,
    verify,
};

/// Longest TLS handshake; etcd's bound.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for the first byte of a connection without TLS, and for the header of a request of HTTP/1.1; etcd's bound.
const HEADER_TIMEOUT: Duration = Duration::from_secs(300);
/// Largest header of a request, in bytes.
const MAX_HEADER_BYTES: usize = 64 << 10;
/// Pause after the system refused to accept (it is out of descriptors, as a rule).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// First byte of a TLS handshake, which no request of HTTP begins with.
const TLS_HANDSHAKE: u8 = 0x16;
/// More than the first message of a TLS handshake takes.
const HELLO_BYTES: usize = 16 << 10;

/// How HTTP/2 is spoken.
#[derive(Clone, Copy, Debug)]
pub struct Http2 {
    /// Most streams at a time on a connection.
    pub max_concurrent_streams: u32,
    /// Silence after which the other end is pinged, and the longest wait for its answer.
    pub keepalive: Option<(Duration, Duration)>,
}

/// What is common to the listeners of one side.
#[derive(Clone, Debug)]
pub struct Server {
    /// For logs: `client`, `peer` or `metrics`.
    pub side: &'static str,
    /// What is served.
    pub mux: Arc<Mux>,
    /// TLS, where a URL asks for it.
    pub tls: Option<Arc<Tls>>,
    /// How HTTP/2 is spoken.
    pub http2: Http2,
    /// Connections that there may still be.
    pub room: Arc<Semaphore>,
    /// Accept no more; finish what there is.
    pub stop: CancellationToken,
    /// Cut what there is.
    pub abort: CancellationToken,
    /// The tasks of listeners and connections.
    pub tasks: TaskTracker,
}

impl Server {
    /// Accepts from `listener` until `stop`, speaking TLS if `tls` says so.
    pub fn listen(&self, listener: Listener, tls: bool) {
        let server = self.clone();
        self.tasks
            .spawn(async move { server.accept_all(listener, tls).await });
    }

    async fn accept_all(&self, listener: Listener, tls: bool) {
        loop {
            let accepted = async {
                let permit = Arc::clone(&self.room).acquire_owned().await;
                (permit, listener.accept().await)
            };
            let (permit, stream) = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = accepted => accepted,
            };
            let stream = match stream {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!(side = self.side, %error, "accepting a connection failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let server = self.clone();
            self.tasks.spawn(async move {
                let served = async {
                    match stream {
                        Stream::Tcp(stream, from) => server.tcp(stream, from, tls).await,
                        Stream::Unix(stream) => server.unix(stream, tls).await,
                    }
                };
                tokio::select! {
                    () = server.abort.cancelled() => {}
                    () = served => {}
                }
                drop(permit);
            });
        }
    }

    async fn tcp(&self, stream: TcpStream, from: std::net::SocketAddr, tls: bool) {
        let connection = Connection {
            remote: Some(from),
            tls,
        };
        if tls {
            return self.handshake(stream, connection).await;
        }
        // What follows waits for the first byte without an end of its own.
        let mut first = [0];
        match timeout(HEADER_TIMEOUT, stream.peek(&mut first)).await {
            Ok(Ok(1)) if first[0] == TLS_HANDSHAKE => hang_up(stream).await,
            Ok(Ok(1)) => self.serve(stream, connection, None).await,
            _ => {}
        }
    }

    async fn unix(&self, stream: tokio::net::UnixStream, tls: bool) {
        let connection = Connection { remote: None, tls };
        if tls {
            self.handshake(stream, connection).await;
        } else {
            self.serve(stream, connection, None).await;
        }
    }

    async fn handshake(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        connection: Connection,
    ) {
        let Some(tls) = &self.tls else {
            return;
        };
        let rejected = |error: &dyn std::fmt::Display| {
            tracing::warn!(side = self.side, remote = ?connection.remote, %error, "rejected connection");
        };
        let accept = TlsAcceptor::from(tls.server()).accept(stream);
        let stream = match timeout(HANDSHAKE_TIMEOUT, accept).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return rejected(&error),
            Err(_) => return rejected(&io::Error::from(io::ErrorKind::TimedOut)),
        };
        let shown = stream
            .get_ref()
            .1
            .peer_certificates()
            .and_then(|chain| chain.first());
        let shown: Option<CertificateDer<'static>> = shown.cloned();
        let mut identity = None;
        if let Some(certificate) = &shown {
            if let Some(from) = connection.remote
                && !tls.side().skip_san_check
                && !verify::matches_address(certificate, from).await
            {
                return rejected(&"the certificate is not for the address that it comes from");
            }
            identity = tls.side().client_cert_auth.then(|| ClientCertificate {
                common_name: verify::common_name(certificate).into(),
            });
        }
        self.serve(stream, connection, identity).await;
    }

    async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        connection: Connection,
        identity: Option<ClientCertificate>,
    ) {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(MAX_HEADER_BYTES);
        let mut http2 = builder.http2();
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(MAX_HEADER_BYTES).unwrap_or(u32::MAX))
            .max_concurrent_streams(self.http2.max_concurrent_streams);
        if let Some((interval, wait)) = self.http2.keepalive {
            http2.keep_alive_interval(interval).keep_alive_timeout(wait);
        }
        let mux = Arc::clone(&self.mux);
        let service = service_fn(move |request| {
            let (mux, identity) = (Arc::clone(&mux), identity.clone());
            async move { mux.answer(connection, identity, request).await }
        });
        let served =
            builder.serve_connection_with_upgrades(TokioIo::new(Gather::new(stream)), service);
        tokio::pin!(served);
        let result = tokio::select! {
            result = served.as_mut() => result,
            () = self.stop.cancelled() => {
                served.as_mut().graceful_shutdown();
                served.await
            }
        };
        if let Err(error) = result {
            tracing::debug!(side = self.side, remote = ?connection.remote, %error, "a connection ended");
        }
    }
}

/// Ends a connection that speaks TLS where none is spoken, as etcd does: the client is to see an end, not an answer that it takes
/// for TLS. What it sent is read first, because the system resets a connection that is closed over unread bytes.
async fn hang_up(mut stream: TcpStream) {
    let mut hello = vec![0; HELLO_BYTES];
    // Whatever goes wrong, the connection ends.
    let _ = stream.read(&mut hello).await;
    let _ = stream.shutdown().await;
}
