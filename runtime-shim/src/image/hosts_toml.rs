//! containerd's `hosts.toml`: the hosts of one registry (containerd: `docs/hosts.md`).
//!
//! The order of its `[host]` tables is the order in which they are asked. What containerd understands and this runtime does not is an
//! error, since leaving it out would reach a registry by another way than the file says: client certificates and headers.

use std::path::Path;

use toml::{Table, Value};

use super::hosts::{Capabilities, Endpoint, read};

/// The endpoints that a file names, and at last the registry's `own`, as the file has it. The error names the field.
pub fn parse(text: &str, folder: &Path, own: Endpoint) -> Result<Vec<Endpoint>, String> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        // Without the excerpt: an error of a pull is one line.
        let at = error.span().map_or(0, |span| span.start);
        let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
        format!("line {line}: {}", error.message())
    })?;
    let mut endpoints = Vec::new();
    match table.get("host") {
        None => {}
        Some(Value::Table(hosts)) => {
            for (url, settings) in hosts {
                let field = format!("host.{url:?}");
                let Value::Table(settings) = settings else {
                    return Err(format!("{field}: not a table"));
                };
                let url_settings = with_url(url, settings).map_err(|e| format!("{field}: {e}"))?;
                let read = fill(url_settings, settings, folder);
                endpoints.push(read.map_err(|e| format!("{field}.{e}"))?);
            }
        }
        Some(_) => return Err("host: not a table".to_owned()),
    }
    let server = match table.get("server") {
        None => own,
        Some(Value::String(url)) if url.is_empty() => own,
        Some(Value::String(url)) => with_url(url, &table).map_err(|e| format!("server: {e}"))?,
        Some(_) => return Err("server: not a text".to_owned()),
    };
    endpoints.push(fill(server, &table, folder)?);
    Ok(endpoints)
}

/// The endpoint of a URL; without a scheme it is HTTPS.
fn with_url(url: &str, settings: &Table) -> Result<Endpoint, String> {
    let (plain_http, rest) = match url.split_once("://") {
        Some(("http", rest)) => (true, rest),
        Some(("https", rest)) => (false, rest),
        Some((scheme, _)) => return Err(format!("unsupported scheme {scheme:?}")),
        None => (false, url),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.is_empty() || authority.contains(['@', '?', '#']) || path.contains(['?', '#']) {
        return Err("not the URL of a host".to_owned());
    }
    let path = path.trim_matches('/');
    let (mut prefix, mut project) = (String::new(), String::new());
    match settings.get("override_path") {
        None | Some(Value::Boolean(false)) => {
            if !path.is_empty() {
                prefix = format!("/{path}");
            }
        }
        // The path is all that stands before a repository's name.
        Some(Value::Boolean(true)) => {
            let parts = match path {
                "v2" => Some(("", "")),
                path => path
                    .split_once("v2/")
                    .filter(|(before, _)| before.is_empty() || before.ends_with('/'))
                    .or_else(|| path.strip_suffix("/v2").map(|before| (before, ""))),
            };
            let (before, after) = parts.ok_or("override_path: a path without /v2 in it")?;
            let before = before.trim_end_matches('/');
            if !before.is_empty() {
                prefix = format!("/{before}");
            }
            if !after.is_empty() {
                project = format!("{after}/");
            }
        }
        Some(_) => return Err("override_path: not true or false".to_owned()),
    }
    Ok(Endpoint {
        plain_http,
        prefix,
        project,
        ..Endpoint::of(authority)
    })
}

/// Puts in what a table says of an endpoint.
fn fill(mut endpoint: Endpoint, table: &Table, folder: &Path) -> Result<Endpoint, String> {
    for (field, value) in table {
        let wrong = |what: &str| format!("{field}: not {what}");
        match (field.as_str(), value) {
            ("server" | "host" | "override_path", _) => {}
            ("skip_verify", Value::Boolean(skip)) => endpoint.skip_verify = *skip,
            ("skip_verify", _) => return Err(wrong("true or false")),
            ("capabilities", Value::Array(names)) => {
                endpoint.capabilities = capabilities(names).map_err(|e| format!("{field}: {e}"))?;
            }
            ("capabilities", _) => return Err(wrong("a list")),
            ("ca", value) => {
                let files = match value {
                    Value::String(file) => vec![file],
                    Value::Array(files) => files
                        .iter()
                        .map(|file| match file {
                            Value::String(file) => Ok(file),
                            _ => Err(wrong("the name of a file")),
                        })
                        .collect::<Result<_, _>>()?,
                    _ => return Err(wrong("the name of a file, or a list of such")),
                };
                for file in files {
                    let path = folder.join(file);
                    let text = read(&path)
                        .map_err(|error| format!("{field}: {}: {error}", path.display()))?;
                    endpoint.authorities.push(text);
                }
            }
            ("client", _) => return Err(format!("{field}: client certificates are not supported")),
            ("header", _) => return Err(format!("{field}: headers are not supported")),
            // Connections have a time limit of ours.
            ("dial_timeout", _) => {}
            (_, _) => tracing::warn!(field, "a hosts.toml has a field that is not known"),
        }
    }
    Ok(endpoint)
}

fn capabilities(names: &[Value]) -> Result<Capabilities, String> {
    let mut capabilities = Capabilities {
        pull: false,
        resolve: false,
        push: false,
    };
    for name in names {
        match name.as_str().unwrap_or_default() {
            "pull" => capabilities.pull = true,
            "resolve" => capabilities.resolve = true,
            "push" => capabilities.push = true,
            _ => return Err(format!("unknown capability {name}")),
        }
    }
    Ok(capabilities)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Endpoint>, String> {
        parse(text, Path::new("/no/such"), Endpoint::of("reg.example"))
    }

    #[test]
    fn hosts_are_asked_in_their_order_and_the_registry_at_last() {
        let found = parsed(
            r#"
            server = "https://upstream.example"
            [host."https://z.example"]
              capabilities = ["pull"]
            [host."http://a.example:5000/cache/"]
              skip_verify = true
            [host."b.example"]
            "#,
        )
        .unwrap();
        let authorities: Vec<&str> = found.iter().map(|e| e.authority.as_str()).collect();
        assert_eq!(
            authorities,
            [
                "z.example",
                "a.example:5000",
                "b.example",
                "upstream.example"
            ]
        );
        assert!(found[0].capabilities.pull && !found[0].capabilities.resolve);
        assert!(found[1].plain_http && found[1].skip_verify);
        assert_eq!(found[1].prefix, "/cache");
        assert_eq!(found[2], Endpoint::of("b.example"));
        assert_eq!(parsed("").unwrap(), [Endpoint::of("reg.example")]);
        let own = parsed("skip_verify = true").unwrap();
        assert!(own[0].skip_verify && own[0].authority == "reg.example");
    }

    #[test]
    fn a_path_may_be_all_before_the_repository() {
        let of = |path: &str| {
            let text = format!("[host.\"https://m.example{path}\"]\noverride_path = true");
            parsed(&text).map(|found| (found[0].prefix.clone(), found[0].project.clone()))
        };
        let own = |prefix: &str, project: &str| Ok((prefix.to_owned(), project.to_owned()));
        assert_eq!(of("/v2"), own("", ""));
        assert_eq!(of("/v2/hub"), own("", "hub/"));
        assert_eq!(of("/api/v2/a/b"), own("/api", "a/b/"));
        assert_eq!(of("/api/v2"), own("/api", ""));
        assert!(of("/hub").unwrap_err().contains("without /v2"));
    }

    #[test]
    fn what_is_wrong_names_its_field() {
        for (text, words) in [
            ("[host", "line 1: "),
            ("server = 1", "server: not a text"),
            ("host = 1", "host: not a table"),
            (
                "[host.\"ftp://x\"]",
                "host.\"ftp://x\": unsupported scheme \"ftp\"",
            ),
            (
                "[host.\"https://\"]",
                "host.\"https://\": not the URL of a host",
            ),
            (
                "[host.\"x\"]\nca = \"a.crt\"",
                "host.\"x\".ca: /no/such/a.crt: No such file",
            ),
            (
                "[host.\"x\"]\nclient = \"a\"",
                "host.\"x\".client: client certificates are not",
            ),
            (
                "[host.\"x\".header]\na = \"b\"",
                "host.\"x\".header: headers are not supported",
            ),
            (
                "capabilities = [\"eat\"]",
                "capabilities: unknown capability \"eat\"",
            ),
            ("skip_verify = \"yes\"", "skip_verify: not true or false"),
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.starts_with(words), "{text}: {error}");
        }
    }
}
