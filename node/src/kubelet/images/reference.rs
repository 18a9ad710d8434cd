//! Image references as users write them: what is valid, which tag is meant, which registry is asked.
//!
//! The grammar is the distribution project's `reference`: `[domain/]path[:tag][@digest]`.

/// Longest repository name.
const MAX_NAME: usize = 255;
/// Longest tag.
const MAX_TAG: usize = 128;

/// The parts of a valid reference.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The registry, `docker.io` when none is named.
    pub domain: String,
    /// The repository in the registry.
    pub path: String,
    /// The reference with `:latest` put on when it has neither tag nor digest.
    pub full: String,
}

/// Parses a reference; the error is the text that upstream's parser gives.
pub(crate) fn parse(text: &str) -> Result<Reference, &'static str> {
    const FORMAT: &str = "invalid reference format";
    if text.is_empty() {
        return Err(FORMAT);
    }
    if text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
    {
        return Err("invalid repository name, cannot specify 64-byte hexadecimal strings");
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    if digest.is_some_and(|digest| !valid_digest(digest)) {
        return Err(FORMAT);
    }
    // A colon after the last slash begins a tag; before it, a port.
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest[slash..].split_once(':') {
        Some((last, tag)) => (&rest[..slash + last.len()], Some(tag)),
        None => (rest, None),
    };
    if tag.is_some_and(|tag| !valid_tag(tag)) {
        return Err(FORMAT);
    }
    let (domain, path) = match name.split_once('/') {
        Some((first, path))
            if first.contains(['.', ':']) || first == "localhost" || has_upper(first) =>
        {
            (first, path)
        }
        _ => ("docker.io", name),
    };
    if has_upper(path) {
        return Err("invalid reference format: repository name must be lowercase");
    }
    if !valid_domain(domain) || !path.split('/').all(valid_component) {
        return Err(FORMAT);
    }
    if name.len() > MAX_NAME {
        return Err("repository name must not be more than 255 characters");
    }
    let full = if tag.is_none() && digest.is_none() {
        format!("{text}:latest")
    } else {
        text.to_owned()
    };
    Ok(Reference {
        domain: domain.to_owned(),
        path: path.to_owned(),
        full,
    })
}

fn has_upper(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn valid_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        algorithm.starts_with(|first: char| first.is_ascii_alphabetic())
            && algorithm.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-' | b'_')
            })
            && hex.len() >= 32
            && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn valid_tag(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphanumeric() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
        && text.len() <= MAX_TAG
}

fn valid_domain(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let labels = host.split('.').all(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    labels
        && port
            .is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// One part of a path: lower-case letters and digits, parted by `.`, `_`, `__` or dashes.
fn valid_component(text: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(alphanumeric) || !bytes.last().is_some_and(alphanumeric) {
        return false;
    }
    text.split(|char: char| char.is_ascii_lowercase() || char.is_ascii_digit())
        .all(|separator| {
            matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_means_latest_from_docker() {
        let parsed = parse("busybox").unwrap();
        assert_eq!(
            (parsed.domain.as_str(), parsed.full.as_str()),
            ("docker.io", "busybox:latest")
        );
    }

    #[test]
    fn ports_are_no_tags() {
        let parsed = parse("127.0.0.1:5000/hello-http").unwrap();
        assert_eq!(parsed.domain, "127.0.0.1:5000");
        assert_eq!(parsed.path, "hello-http");
        assert_eq!(parsed.full, "127.0.0.1:5000/hello-http:latest");
        assert_eq!(parse("localhost/a/b:v1").unwrap().full, "localhost/a/b:v1");
    }

    #[test]
    fn a_digest_is_enough() {
        let text = format!("example.com/a@sha256:{}", "0".repeat(64));
        assert_eq!(parse(&text).unwrap().full, text);
    }

    #[test]
    fn invalid_references_are_told_as_upstream_does() {
        assert_eq!(
            parse("Example/Image").unwrap_err(),
            "invalid reference format: repository name must be lowercase"
        );
        for text in [
            "",
            "a b",
            "a:",
            "a@sha256:12",
            "-a",
            "a//b",
            "a:b:c/d",
            "http://x/y",
        ] {
            assert_eq!(
                parse(text).unwrap_err(),
                "invalid reference format",
                "{text}"
            );
        }
    }
}
