//! Reaching a member as etcdctl does: one endpoint, in plain or over TLS, as a user or as nobody.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use http::Uri;
use hydrofoil_etcd_wire::etcdserverpb::{AuthenticateRequest, auth_client::AuthClient};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio::net::{TcpStream, UnixStream};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::{Channel, Endpoint},
};

use super::ToolError;
use crate::listen::verify::{Rules, Servers};

/// Longest wait for a connection, as etcdctl's `--dial-timeout`.
const DIAL_TIMEOUT: Duration = Duration::from_secs(2);
/// Largest message that is taken; a member sends snapshots in chunks of 32 KiB.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// How a member is reached; etcdctl's flags and variables.
#[derive(Args)]
pub struct ClientArgs {
    /// The member to ask
    #[arg(long, env = "ETCDCTL_ENDPOINTS", default_value = "127.0.0.1:2379")]
    pub endpoints: String,
    /// Verify certificates of TLS-enabled secure servers using this CA bundle
    #[arg(long, env = "ETCDCTL_CACERT")]
    pub cacert: Option<PathBuf>,
    /// Identify secure client using this TLS certificate file
    #[arg(long, env = "ETCDCTL_CERT", requires = "key")]
    pub cert: Option<PathBuf>,
    /// Identify secure client using this TLS key file
    #[arg(long, env = "ETCDCTL_KEY", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Skip server certificate verification (CAUTION: this option should be enabled only for testing purposes)
    #[arg(long, env = "ETCDCTL_INSECURE_SKIP_TLS_VERIFY")]
    pub insecure_skip_tls_verify: bool,
    /// username[:password] for authentication
    #[arg(long, env = "ETCDCTL_USER", hide_env_values = true)]
    pub user: Option<String>,
    /// Password for authentication (if this option is used, --user option shouldn't include password)
    #[arg(long, env = "ETCDCTL_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,
}

impl fmt::Debug for ClientArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Passwords stay out of logs.
        f.debug_struct("ClientArgs")
            .field("endpoints", &self.endpoints)
            .field("cacert", &self.cacert)
            .field("cert", &self.cert)
            .finish_non_exhaustive()
    }
}

/// What a member said instead of an answer.
pub fn refused(status: Status) -> ToolError {
    ToolError::Remote(status.message().to_owned())
}

/// Sends a request with a token.
pub fn with_token<T>(message: T, token: Option<&MetadataValue<Ascii>>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(token) = token {
        request.metadata_mut().insert("token", token.clone());
    }
    request
}

/// Connects, and logs in if a user is named.
pub async fn connect(
    args: &ClientArgs,
) -> Result<(Channel, Option<MetadataValue<Ascii>>), ToolError> {
    let channel = channel(args).await?;
    let token = match credentials(args)? {
        Some((name, password)) => Some(log_in(channel.clone(), name, password).await?),
        None => None,
    };
    Ok((channel, token))
}

fn credentials(args: &ClientArgs) -> Result<Option<(String, String)>, ToolError> {
    let Some(user) = &args.user else {
        return Ok(None);
    };
    let found = match (&args.password, user.split_once(':')) {
        (Some(password), _) => (user.clone(), password.clone()),
        (None, Some((name, password))) => (name.to_owned(), password.to_owned()),
        (None, None) => {
            let what = "--user has no password: give it as --user=NAME:PASSWORD or --password";
            return Err(ToolError::Usage(what.into()));
        }
    };
    Ok(Some(found))
}

async fn log_in(
    channel: Channel,
    name: String,
    password: String,
) -> Result<MetadataValue<Ascii>, ToolError> {
    let answer = AuthClient::new(channel)
        .authenticate(AuthenticateRequest { name, password })
        .await
        .map_err(refused)?;
    let unusable = |_| ToolError::Remote("the member sent a token that cannot be sent back".into());
    let mut token: MetadataValue<Ascii> = answer.into_inner().token.parse().map_err(unusable)?;
    token.set_sensitive(true);
    Ok(token)
}

/// Where a member listens.
#[derive(Clone, Debug)]
enum Address {
    Tcp(String),
    Unix(PathBuf),
}

async fn channel(args: &ClientArgs) -> Result<Channel, ToolError> {
    let endpoint = args.endpoints.as_str();
    if endpoint.contains(',') {
        return Err(ToolError::Usage(format!(
            "snapshot must be requested to one selected node, not multiple [{}]",
            endpoint.replace(',', " ")
        )));
    }
    let asked = args.cacert.is_some() || args.cert.is_some() || args.insecure_skip_tls_verify;
    let (tls, rest) = match endpoint.split_once("://") {
        Some(("https" | "unixs", rest)) => (true, rest),
        Some(("http" | "unix", rest)) => (false, rest),
        Some((scheme, _)) => {
            return Err(ToolError::Usage(format!(
                "unknown scheme {scheme:?} in {endpoint}"
            )));
        }
        None => (asked, endpoint),
    };
    let address = if endpoint.starts_with("unix") {
        Address::Unix(rest.into())
    } else {
        Address::Tcp(rest.trim_end_matches('/').to_owned())
    };
    let host = match &address {
        Address::Tcp(address) => address
            .rsplit_once(':')
            .map_or(address.as_str(), |(host, _)| host),
        Address::Unix(_) => "localhost",
    };
    let host = host.trim_matches(['[', ']']).to_owned();
    let config = if tls {
        Some((Arc::new(tls_config(args)?), server_name(host)?))
    } else {
        None
    };
    let unusable = |_| ToolError::Usage(format!("endpoint {endpoint:?} is no address"));
    let authority = match &address {
        Address::Tcp(address) => address.as_str(),
        Address::Unix(_) => "localhost",
    };
    let target = Endpoint::from_shared(format!("http://{authority}")).map_err(unusable)?;
    let connector = tower::service_fn(move |_: Uri| open(address.clone(), config.clone()));
    target
        .connect_timeout(DIAL_TIMEOUT)
        .connect_with_connector(connector)
        .await
        .map_err(|error| {
            let mut what = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(deeper) = source {
                what = format!("{what}: {deeper}");
                source = deeper.source();
            }
            ToolError::Remote(format!("{endpoint}: {what}"))
        })
}

fn server_name(host: String) -> Result<ServerName<'static>, ToolError> {
    ServerName::try_from(host)
        .map_err(|_| ToolError::Usage("the endpoint's host is no name and no address".into()))
}

/// A connection of any kind.
trait Io: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Io for T {}

async fn open(
    address: Address,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
) -> std::io::Result<TokioIo<Box<dyn Io>>> {
    let plain: Box<dyn Io> = match address {
        Address::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
        Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
    };
    let Some((config, name)) = tls else {
        return Ok(TokioIo::new(plain));
    };
    let stream = tokio_rustls::TlsConnector::from(config)
        .connect(name, plain)
        .await?;
    Ok(TokioIo::new(Box::new(stream)))
}

fn tls_config(args: &ClientArgs) -> Result<ClientConfig, ToolError> {
    let unusable = |path: &PathBuf, error: &dyn fmt::Display| {
        ToolError::Usage(format!("{}: {error}", path.display()))
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| ToolError::Usage(error.to_string()))?;
    let builder = if args.insecure_skip_tls_verify {
        // Any server is taken for the right one; its signatures must still be right.
        let any = Servers {
            signed: None,
            provider,
            rules: Rules::default(),
        };
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(any))
    } else {
        let Some(path) = &args.cacert else {
            let what = "a member over TLS needs --cacert, or --insecure-skip-tls-verify";
            return Err(ToolError::Usage(what.into()));
        };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(path)? {
            roots
                .add(certificate)
                .map_err(|error| unusable(path, &error))?;
        }
        builder.with_root_certificates(roots)
    };
    let mut config = match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => {
            let private =
                PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
            builder
                .with_client_auth_cert(certificates(cert)?, private)
                .map_err(|error| unusable(cert, &error))?
        }
        _ => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, ToolError> {
    let unusable = |error: rustls_pki_types::pem::Error| {
        ToolError::Usage(format!("{}: {error}", path.display()))
    };
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .map_err(unusable)?
        .collect();
    let found = found.map_err(unusable)?;
    if found.is_empty() {
        return Err(ToolError::Usage(format!(
            "{}: no certificate in it",
            path.display()
        )));
    }
    Ok(found)
}
