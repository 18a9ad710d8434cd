//! What a peer URL may be, by the rule of etcd's `client/pkg/types/urls.go`.

use crate::Error;

/// Whether these can be a member's peer URLs: at least one, each a scheme, a host and a port and nothing else.
///
/// # Errors
/// [`Error::MemberBadUrls`].
pub fn check(urls: &[String]) -> Result<(), Error> {
    if !urls.is_empty() && urls.iter().all(|url| is_url(url)) {
        Ok(())
    } else {
        Err(Error::MemberBadUrls)
    }
}

fn is_url(url: &str) -> bool {
    let Ok(uri) = url.trim().parse::<http::Uri>() else {
        return false;
    };
    let plain =
        matches!(uri.path(), "" | "/") && !url.trim().ends_with('/') && uri.query().is_none();
    matches!(uri.scheme_str(), Some("http" | "https" | "unix" | "unixs"))
        && uri.host().is_some_and(|host| !host.is_empty())
        && uri.port_u16().is_some()
        && plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_a_scheme_a_host_and_a_port() {
        for (url, ok) in [
            ("http://127.0.0.1:2380", true),
            ("https://infra0.example.com:2380", true),
            ("http://[::1]:2380", true),
            ("http://127.0.0.1", false),
            ("127.0.0.1:2380", false),
            ("ftp://127.0.0.1:2380", false),
            ("http://127.0.0.1:2380/path", false),
            ("http://127.0.0.1:2380/", false),
            ("", false),
        ] {
            assert_eq!(check(&[url.to_owned()]).is_ok(), ok, "{url}");
        }
        assert!(check(&[]).is_err());
    }
}
