//! URLs of the forms that etcd takes: `http`, `https` with `host:port`, and `unix`, `unixs` with a path. Nothing is resolved here.
//!
//! The one confusing thing: `unix://localhost:2379` names the file `localhost:2379` in the working directory, as in etcd; host
//! and path of a unix URL together are the file's name.

use std::{fmt, net::IpAddr, path::PathBuf};

/// How a URL is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Plain TCP.
    Http,
    /// TLS over TCP.
    Https,
    /// Plain, on a unix socket.
    Unix,
    /// TLS on a unix socket.
    Unixs,
}

impl Scheme {
    /// Whether TLS is spoken.
    pub fn is_tls(self) -> bool {
        matches!(self, Scheme::Https | Scheme::Unixs)
    }

    /// Whether the address is a file.
    pub fn is_unix(self) -> bool {
        matches!(self, Scheme::Unix | Scheme::Unixs)
    }

    fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Unix => "unix",
            Scheme::Unixs => "unixs",
        }
    }
}

/// One URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Url {
    /// How it is spoken to.
    pub scheme: Scheme,
    /// `host:port`; of a unix URL what stands before the first slash of the path, often nothing.
    pub host: String,
    /// Empty, or the path of a unix URL.
    pub path: String,
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.name(), self.host, self.path)
    }
}

impl Url {
    /// Reads one URL.
    ///
    /// # Errors
    /// etcd's words (`types.NewURLs`).
    pub fn parse(text: &str) -> Result<Url, String> {
        let text = text.trim();
        let scheme_error = || format!("URL scheme must be http, https, unix, or unixs: {text}");
        let Some((scheme, rest)) = text.split_once("://") else {
            // Go's parser takes what stands before a colon for a scheme, if it can be one.
            let first = text.split(':').next().unwrap_or_default();
            let starts_with_letter = first.starts_with(|c: char| c.is_ascii_alphabetic());
            if text.contains(':') && !starts_with_letter {
                return Err(format!(
                    "parse {text:?}: first path segment in URL cannot contain colon"
                ));
            }
            return Err(scheme_error());
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "unix" => Scheme::Unix,
            "unixs" => Scheme::Unixs,
            _ => return Err(scheme_error()),
        };
        let (host, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let url = Url {
            scheme,
            host: host.to_owned(),
            path: path.to_owned(),
        };
        if !scheme.is_unix() {
            check_port(text, host)?;
            if split_host_port(host).is_err() {
                return Err(format!(
                    "URL address does not have the form \"host:port\": {text}"
                ));
            }
            if !path.is_empty() {
                return Err(format!("URL must not contain a path: {text}"));
            }
        }
        Ok(url)
    }

    /// Reads URLs that are separated by commas; sorted, each once.
    ///
    /// # Errors
    /// As [`Url::parse`].
    pub fn parse_list(text: &str) -> Result<Vec<Url>, String> {
        let mut urls = text
            .split(',')
            .map(Url::parse)
            .collect::<Result<Vec<_>, _>>()?;
        urls.sort_by_key(Url::to_string);
        urls.dedup();
        Ok(urls)
    }

    /// The file of a unix URL.
    pub fn socket_path(&self) -> Option<PathBuf> {
        self.scheme
            .is_unix()
            .then(|| PathBuf::from(format!("{}{}", self.host, self.path)))
    }

    /// The host without port and brackets.
    pub fn hostname(&self) -> &str {
        split_host_port(&self.host).map_or(self.host.as_str(), |(host, _)| host)
    }

    /// The port, of a TCP URL.
    pub fn port(&self) -> Option<u16> {
        split_host_port(&self.host)
            .ok()
            .and_then(|(_, port)| port.parse().ok())
    }
}

fn check_port(text: &str, host: &str) -> Result<(), String> {
    let after_brackets = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
    match after_brackets.rsplit_once(':') {
        Some((_, port)) if !port.bytes().all(|b| b.is_ascii_digit()) => Err(format!(
            "parse {text:?}: invalid port {:?} after host",
            format!(":{port}")
        )),
        Some((_, port)) if !port.is_empty() && port.parse::<u16>().is_err() => {
            Err(format!("port of {text} is larger than 65535"))
        }
        _ => Ok(()),
    }
}

/// Splits `host:port` or `[host]:port`.
///
/// # Errors
/// The words of Go's `net.SplitHostPort`.
pub fn split_host_port(address: &str) -> Result<(&str, &str), String> {
    let error = |what: &str| Err(format!("address {address}: {what}"));
    if let Some(rest) = address.strip_prefix('[') {
        let Some((host, after)) = rest.split_once(']') else {
            return error("missing ']' in address");
        };
        return match after.strip_prefix(':') {
            Some(port) if !port.contains(':') => Ok((host, port)),
            Some(_) => error("too many colons in address"),
            None => error("missing port in address"),
        };
    }
    match address.split_once(':') {
        None => error("missing port in address"),
        Some((_, port)) if port.contains(':') => error("too many colons in address"),
        Some(parts) => Ok(parts),
    }
}

/// Refuses URLs that cannot be listened on: a name other than `localhost` says nothing of an interface.
///
/// # Errors
/// etcd's words (`checkBindURLs`).
pub fn check_bind(urls: &[Url]) -> Result<(), String> {
    for url in urls.iter().filter(|url| !url.scheme.is_unix()) {
        let (host, _) = split_host_port(&url.host)?;
        if host != "localhost" && host.parse::<IpAddr>().is_err() {
            return Err(format!("expected IP in URL for binding ({url})"));
        }
    }
    Ok(())
}

/// Refuses URLs that others cannot be told.
///
/// # Errors
/// etcd's words (`checkHostURLs`).
pub fn check_host(urls: &[Url]) -> Result<(), String> {
    for url in urls {
        let (host, _) = split_host_port(&url.host)?;
        if host.is_empty() {
            return Err(format!("unexpected empty host ({url})"));
        }
    }
    Ok(())
}

/// URLs separated by commas, as flags and logs show them.
pub fn join(urls: &[Url]) -> String {
    let texts: Vec<String> = urls.iter().map(Url::to_string).collect();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_etcd_refuses_are_refused_in_its_words() {
        for (text, error) in [
            (
                "127.0.0.1:2379",
                "parse \"127.0.0.1:2379\": first path segment in URL cannot contain colon",
            ),
            (
                "localhost:2379",
                "URL scheme must be http, https, unix, or unixs: localhost:2379",
            ),
            (
                "ftp://127.0.0.1:1",
                "URL scheme must be http, https, unix, or unixs: ftp://127.0.0.1:1",
            ),
            (
                "http://127.0.0.1",
                "URL address does not have the form \"host:port\": http://127.0.0.1",
            ),
            (
                "http://::1:2379",
                "URL address does not have the form \"host:port\": http://::1:2379",
            ),
            (
                "http://127.0.0.1:2379/",
                "URL must not contain a path: http://127.0.0.1:2379/",
            ),
            (
                "http://127.0.0.1:x",
                "parse \"http://127.0.0.1:x\": invalid port \":x\" after host",
            ),
            (
                "http://127.0.0.1:70000",
                "port of http://127.0.0.1:70000 is larger than 65535",
            ),
            ("", "URL scheme must be http, https, unix, or unixs: "),
        ] {
            assert_eq!(Url::parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn lists_are_sorted_and_each_url_is_kept_once() {
        let urls = Url::parse_list("http://b:2,http://a:1, http://b:2").unwrap();
        assert_eq!(join(&urls), "http://a:1,http://b:2");
    }

    #[test]
    fn addresses_come_apart() {
        let url = Url::parse("https://[::1]:2379").unwrap();
        assert_eq!((url.hostname(), url.port()), ("::1", Some(2379)));
        let url = Url::parse("unix:///run/etcd.sock").unwrap();
        assert_eq!(url.socket_path(), Some("/run/etcd.sock".into()));
        assert_eq!(url.to_string(), "unix:///run/etcd.sock");
        let url = Url::parse("unixs://localhost:1").unwrap();
        assert_eq!(url.socket_path(), Some("localhost:1".into()));
    }

    #[test]
    fn only_addresses_can_be_listened_on() {
        let check = |text| check_bind(&Url::parse_list(text).unwrap());
        assert_eq!(
            check("http://localhost:1,http://0.0.0.0:1,http://[::]:1,unix://x"),
            Ok(())
        );
        assert_eq!(
            check("http://example.com:1"),
            Err("expected IP in URL for binding (http://example.com:1)".into())
        );
        assert_eq!(
            check_host(&Url::parse_list("http://:1").unwrap()),
            Err("unexpected empty host (http://:1)".into())
        );
    }
}
