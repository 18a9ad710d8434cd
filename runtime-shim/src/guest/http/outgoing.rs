//! A guest's own HTTP requests: one connection each, from the pod's address, counted among its sockets.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::network::Counted;
use crate::sockets::{GuestNet, resolve};

/// How long each step may take unless the guest says otherwise.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(600);

type Done = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// Makes requests for one instance.
#[derive(Debug)]
pub struct OutgoingHttp {
    net: Arc<GuestNet>,
}

impl OutgoingHttp {
    /// Requests from the network of a container.
    pub const fn new(net: Arc<GuestNet>) -> Self {
        Self { net }
    }
}

impl WasiHttpHooks for OutgoingHttp {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _done: Done,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Done), Error>> + Send> {
        let net = Arc::clone(&self.net);
        Box::new(async move { send(&net, request, options.unwrap_or_default()).await })
    }
}

async fn send(
    net: &GuestNet,
    mut request: Request<WasiBody>,
    options: RequestOptions,
) -> Result<(Response<WasiBody>, Done), Error> {
    let permit = net.socket_permit().ok_or(Error::ConnectionLimitReached)?;
    let tls = request.uri().scheme() == Some(&Scheme::HTTPS);
    let authority = request
        .uri()
        .authority()
        .cloned()
        .ok_or(Error::HttpRequestUriInvalid)?;
    let connect_deadline = options.connect_timeout.unwrap_or(DEFAULT_DEADLINE);
    let io = timeout(connect_deadline, open(net, &authority, tls))
        .await
        .map_err(|_| Error::ConnectionTimeout)??;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await?;
    // Only the path goes on the wire: the authority is in the Host header.
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    let mut connection = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(connection));
    let first = options.first_byte_timeout.unwrap_or(DEFAULT_DEADLINE);
    let response = timeout(first, sender.send_request(request))
        .await
        .map_err(|_| Error::ConnectionReadTimeout)??;
    let between = options.between_bytes_timeout.unwrap_or(DEFAULT_DEADLINE);
    let response = response.map(|incoming| {
        let body = ResponseBody {
            incoming,
            between,
            quiet: Box::pin(sleep(between)),
            _permit: permit,
        };
        body.boxed_unsync()
    });
    let done = Box::new(async move {
        match (&mut connection).await {
            Ok(ended) => ended.map_err(Error::from),
            Err(_) => Err(Error::ConnectionTerminated),
        }
    });
    Ok((response, done))
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

async fn open(net: &GuestNet, authority: &Authority, tls: bool) -> Result<Box<dyn Io>, Error> {
    let host = authority.host();
    let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let addresses = resolve(net, host).await.map_err(|_| Error::DnsError {
        rcode: Some("name cannot be resolved".to_owned()),
        info_code: None,
    })?;
    let mut failure = Error::DestinationNotFound;
    for ip in addresses {
        match connect(net, SocketAddr::new(ip, port)).await {
            Ok(stream) => {
                let stream = Counted::new(stream, Arc::clone(&net.traffic));
                return if tls {
                    wrap(host, stream).await
                } else {
                    Ok(Box::new(stream))
                };
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn connect(net: &GuestNet, wanted: SocketAddr) -> Result<TcpStream, Error> {
    let dial = net
        .address
        .dial(wanted)
        .map_err(|_| Error::DestinationIpUnroutable)?;
    let socket = match dial.to {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }
    .map_err(Error::Connect)?;
    if let Some(from) = dial.from {
        socket
            .bind(SocketAddr::new(from, 0))
            .map_err(Error::Connect)?;
    }
    let stream = socket.connect(dial.to).await.map_err(Error::Connect)?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Trusts what browsers trust.
static TLS: LazyLock<Option<TlsConnector>> = LazyLock::new(|| {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.into(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Some(TlsConnector::from(Arc::new(config)))
});

async fn wrap(host: &str, stream: impl Io + 'static) -> Result<Box<dyn Io>, Error> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = match bare.parse::<IpAddr>() {
        Ok(ip) => ServerName::from(ip),
        Err(_) => ServerName::try_from(bare.to_owned())?,
    };
    let connector = TLS.as_ref().ok_or(Error::ConfigurationError)?;
    let stream = connector.connect(name, stream).await.map_err(Error::Tls)?;
    Ok(Box::new(stream))
}

/// A response's body, with the guest's limit on the quiet between its pieces.
struct ResponseBody {
    incoming: Incoming,
    between: Duration,
    quiet: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.incoming).poll_frame(cx) {
            Poll::Ready(frame) => {
                // A duration that reaches past the end of time is no limit.
                if let Some(next) = Instant::now().checked_add(this.between) {
                    this.quiet.as_mut().reset(next);
                }
                Poll::Ready(frame.map(|result| result.map_err(Error::from)))
            }
            Poll::Pending => {
                ready!(this.quiet.as_mut().poll(cx));
                Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
