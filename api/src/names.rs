//! Whether a name, a label or a key has the form its place demands, and upstream's sentence for it when it has not.
//!
//! Each function answers with the sentences; none means the text is well formed. Mirrors `apimachinery/pkg/util/validation`
//! and `apimachinery/pkg/api/validate/content`. Lengths are in bytes, as upstream counts them.

/// The longest DNS label (RFC 1123).
pub const DNS1123_LABEL_MAX: usize = 63;
/// The longest DNS subdomain (RFC 1123).
pub const DNS1123_SUBDOMAIN_MAX: usize = 253;
/// The longest label value, and the longest name part of a qualified name.
pub const LABEL_VALUE_MAX: usize = 63;
/// The longest port name (RFC 6335).
const PORT_NAME_MAX: usize = 15;

const DNS1123_LABEL_FMT: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS1123_SUBDOMAIN_FMT: &str =
    r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const DNS1035_LABEL_FMT: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED_FMT: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const QUALIFIED_MSG: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/// `must be no more than N characters`
pub fn max_len_message(max: usize) -> String {
    format!("must be no more than {max} characters")
}

/// A rule in words with its pattern and examples, as every form error ends.
pub fn pattern_message(message: &str, pattern: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{message} (regex used for validation is '{pattern}')");
    }
    let quoted: Vec<String> = examples.iter().map(|e| format!("'{e}', ")).collect();
    format!(
        "{message} (e.g. {}regex used for validation is '{pattern}')",
        quoted.join(" or ")
    )
}

/// `must be between LO and HI, inclusive`
pub fn range_message(lo: i64, hi: i64) -> String {
    format!("must be between {lo} and {hi}, inclusive")
}

fn lower_alnum(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

fn label_shape(text: &[u8], first: fn(u8) -> bool) -> bool {
    match (text.first(), text.last()) {
        (Some(&a), Some(&z)) => {
            first(a) && lower_alnum(z) && text.iter().all(|&b| lower_alnum(b) || b == b'-')
        }
        _ => false,
    }
}

fn subdomain_shape(text: &str) -> bool {
    text.as_bytes()
        .split(|&b| b == b'.')
        .all(|part| label_shape(part, lower_alnum))
}

fn qualified_shape(text: &str) -> bool {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(a), Some(z)) => {
            a.is_ascii_alphanumeric()
                && z.is_ascii_alphanumeric()
                && bytes
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        }
        _ => false,
    }
}

fn too_long(text: &str, max: usize) -> Vec<String> {
    if text.len() > max {
        vec![max_len_message(max)]
    } else {
        Vec::new()
    }
}

/// A lower-case RFC 1123 label: namespace names, container names.
pub fn is_dns1123_label(text: &str) -> Vec<String> {
    const MESSAGE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
    let mut errors = too_long(text, DNS1123_LABEL_MAX);
    if !label_shape(text.as_bytes(), lower_alnum) {
        if subdomain_shape(text) {
            errors.push("must not contain dots".to_owned());
        } else {
            errors.push(pattern_message(
                MESSAGE,
                DNS1123_LABEL_FMT,
                &["my-name", "123-abc"],
            ));
        }
    }
    errors
}

/// A lower-case RFC 1123 subdomain: most object names.
pub fn is_dns1123_subdomain(text: &str) -> Vec<String> {
    const MESSAGE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    let mut errors = too_long(text, DNS1123_SUBDOMAIN_MAX);
    if !subdomain_shape(text) {
        errors.push(pattern_message(
            MESSAGE,
            DNS1123_SUBDOMAIN_FMT,
            &["example.com"],
        ));
    }
    errors
}

/// A DNS-1123 subdomain after `*.`: Ingress hosts.
pub fn is_wildcard_dns1123_subdomain(text: &str) -> Vec<String> {
    const MESSAGE: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
    let mut errors = too_long(text, DNS1123_SUBDOMAIN_MAX);
    if !text.strip_prefix("*.").is_some_and(subdomain_shape) {
        errors.push(pattern_message(
            MESSAGE,
            &format!(r"\*\.{DNS1123_SUBDOMAIN_FMT}"),
            &["*.example.com"],
        ));
    }
    errors
}

/// A DNS-1035 label: Service names before their relaxation, which begin with a letter.
pub fn is_dns1035_label(text: &str) -> Vec<String> {
    const MESSAGE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
    let mut errors = too_long(text, DNS1123_LABEL_MAX);
    if !label_shape(text.as_bytes(), |b| b.is_ascii_lowercase()) {
        errors.push(pattern_message(
            MESSAGE,
            DNS1035_LABEL_FMT,
            &["my-name", "abc-123"],
        ));
    }
    errors
}

/// A qualified name, `[prefix/]name`: label and annotation keys, taint keys, finalizers.
pub fn is_qualified_name(text: &str) -> Vec<String> {
    let pattern = || {
        pattern_message(
            QUALIFIED_MSG,
            QUALIFIED_FMT,
            &["MyName", "my.name", "123-abc"],
        )
    };
    let mut errors = Vec::new();
    let mut parts = text.split('/');
    let name = match (parts.next(), parts.next(), parts.next()) {
        (Some(prefix), Some(name), None) => {
            if prefix.is_empty() {
                errors.push("prefix part must be non-empty".to_owned());
            } else {
                errors.extend(
                    is_dns1123_subdomain(prefix)
                        .into_iter()
                        .map(|m| format!("prefix part {m}")),
                );
            }
            name
        }
        (Some(name), None, _) => name,
        _ => {
            return vec![format!(
                "a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                pattern()
            )];
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > LABEL_VALUE_MAX {
        errors.push(format!("name part {}", max_len_message(LABEL_VALUE_MAX)));
    }
    if !qualified_shape(name) {
        errors.push(format!("name part {}", pattern()));
    }
    errors
}

/// A label's value: empty, or alphanumeric at both ends.
pub fn is_label_value(text: &str) -> Vec<String> {
    const MESSAGE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    let mut errors = too_long(text, LABEL_VALUE_MAX);
    if !text.is_empty() && !qualified_shape(text) {
        errors.push(pattern_message(
            MESSAGE,
            &format!("({QUALIFIED_FMT})?"),
            &["MyValue", "my_value", "12345"],
        ));
    }
    errors
}

/// A port number from 1 to 65535.
pub fn is_port_number(port: i64) -> Vec<String> {
    is_in_range(port, 1, 65535)
}

/// A number within bounds, both included.
pub fn is_in_range(value: i64, lo: i64, hi: i64) -> Vec<String> {
    if (lo..=hi).contains(&value) {
        Vec::new()
    } else {
        vec![range_message(lo, hi)]
    }
}

/// A user or group id: 0 to 2147483647.
pub fn is_user_or_group_id(id: i64) -> Vec<String> {
    is_in_range(id, 0, i64::from(i32::MAX))
}

/// An RFC 6335 port name, at most 15 characters.
pub fn is_port_name(text: &str) -> Vec<String> {
    let mut errors = too_long(text, PORT_NAME_MAX);
    if text.is_empty() || !text.bytes().all(|b| lower_alnum(b) || b == b'-') {
        errors.push(
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned(),
        );
    }
    if !text.bytes().any(|b| b.is_ascii_lowercase()) {
        errors.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        errors.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        errors.push("must not begin or end with a hyphen".to_owned());
    }
    errors
}

/// A percentage such as `25%`.
pub fn is_percent(text: &str) -> Vec<String> {
    let digits = text.strip_suffix('%').unwrap_or_default();
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    let message = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![pattern_message(message, "[0-9]+%", &["1%", "93%"])]
}

/// An HTTP header's name.
pub fn is_http_header_name(text: &str) -> Vec<String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Vec::new();
    }
    let message = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![pattern_message(
        message,
        "[-A-Za-z0-9]+",
        &["X-Header-Name"],
    )]
}

/// A C identifier: the form of an environment variable's name inside a reference.
pub fn is_c_identifier(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let starts = bytes
        .first()
        .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    if starts
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    {
        return Vec::new();
    }
    let message = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
    vec![pattern_message(
        message,
        "[A-Za-z_][A-Za-z0-9_]*",
        &["my_name", "MY_NAME", "MyName"],
    )]
}

/// An environment variable's name by the strict rule.
pub fn is_env_var_name(text: &str) -> Vec<String> {
    let punctuation = |b: u8| matches!(b, b'-' | b'.' | b'_');
    let bytes = text.as_bytes();
    let starts = bytes
        .first()
        .is_some_and(|&b| b.is_ascii_alphabetic() || punctuation(b));
    let mut errors = Vec::new();
    if !starts
        || !bytes
            .iter()
            .all(|&b| b.is_ascii_alphanumeric() || punctuation(b))
    {
        let message = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
        let examples = ["my.env-name", "MY_ENV.NAME", "MyEnvName1"];
        errors.push(pattern_message(
            message,
            "[-._a-zA-Z][-._a-zA-Z0-9]*",
            &examples,
        ));
    }
    errors.extend(leaves_directory(text));
    errors
}

/// An environment variable's name by the relaxed rule, in force since 1.34: printable ASCII but for `=`.
pub fn is_relaxed_env_var_name(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.is_empty() {
        errors.push("environment variable name must be non-empty".to_owned());
    }
    if text.chars().any(|c| !(' '..='~').contains(&c) || c == '=') {
        errors.push(
            "a valid environment variable name must consist only of printable ASCII characters other than '='"
                .to_owned(),
        );
    }
    errors
}

/// A key of a ConfigMap or a Secret.
pub fn is_config_map_key(text: &str) -> Vec<String> {
    let mut errors = too_long(text, DNS1123_SUBDOMAIN_MAX);
    let shape = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if text.is_empty() || !text.bytes().all(shape) {
        let message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        errors.push(pattern_message(
            message,
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        ));
    }
    errors.extend(leaves_directory(text));
    errors
}

fn leaves_directory(text: &str) -> Option<String> {
    match text {
        "." => Some("must not be '.'".to_owned()),
        ".." => Some("must not be '..'".to_owned()),
        other if other.starts_with("..") => Some("must not start with '..'".to_owned()),
        _ => None,
    }
}

/// A name that can stand alone as a segment of a URL path: names of RBAC objects.
pub fn is_path_segment_name(text: &str) -> Vec<String> {
    if matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    ["/", "%"]
        .into_iter()
        .filter(|c| text.contains(c))
        .map(|c| format!("may not contain '{c}'"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        assert!(is_dns1123_label("a-1").is_empty());
        assert_eq!(is_dns1123_label("a.b"), ["must not contain dots"]);
        assert_eq!(
            is_dns1123_label("A"),
            [
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        );
        assert_eq!(
            is_dns1123_label(&"a".repeat(64)),
            ["must be no more than 63 characters"]
        );
        assert!(!is_dns1123_label("").is_empty());
        assert!(!is_dns1123_label("-a").is_empty());
    }

    #[test]
    fn subdomains() {
        assert!(is_dns1123_subdomain("a.b-c.1").is_empty());
        for bad in ["", "a..b", ".a", "a.", "a_b", "a.-b"] {
            assert_eq!(is_dns1123_subdomain(bad).len(), 1, "{bad}");
        }
        assert!(is_wildcard_dns1123_subdomain("*.a.b").is_empty());
        assert!(!is_wildcard_dns1123_subdomain("a.b").is_empty());
    }

    #[test]
    fn services() {
        assert!(is_dns1035_label("a1").is_empty());
        assert!(!is_dns1035_label("1a").is_empty());
    }

    #[test]
    fn qualified() {
        for good in ["a", "A_b.c-1", "example.com/a"] {
            assert!(is_qualified_name(good).is_empty(), "{good}");
        }
        assert!(is_qualified_name("a/b/c")[0].starts_with("a valid label key must consist of"));
        assert_eq!(is_qualified_name("/a"), ["prefix part must be non-empty"]);
        assert_eq!(is_qualified_name("a/")[0], "name part must be non-empty");
        assert_eq!(
            is_qualified_name(&"a".repeat(64)),
            ["name part must be no more than 63 characters"]
        );
    }

    #[test]
    fn values_and_keys() {
        assert!(is_label_value("").is_empty());
        assert!(is_label_value("a_B.9").is_empty());
        assert!(!is_label_value("a b").is_empty());
        assert!(is_config_map_key("a.b_C-1").is_empty());
        assert_eq!(is_config_map_key(".."), ["must not be '..'"]);
        assert_eq!(is_config_map_key("..a"), ["must not start with '..'"]);
        assert!(!is_config_map_key("a/b").is_empty());
    }

    #[test]
    fn ports_and_the_rest() {
        assert!(is_port_name("http").is_empty());
        assert_eq!(
            is_port_name("80"),
            ["must contain at least one letter (a-z)"]
        );
        assert!(!is_port_name("sixteen-chars-xx").is_empty());
        assert!(is_percent("25%").is_empty());
        assert!(!is_percent("%").is_empty());
        assert_eq!(
            is_port_number(0),
            ["must be between 1 and 65535, inclusive"]
        );
        assert!(is_env_var_name("A.b-C_1").is_empty());
        assert!(!is_env_var_name("1A").is_empty());
        assert!(is_relaxed_env_var_name("1 A").is_empty());
        assert!(!is_relaxed_env_var_name("a=b").is_empty());
        assert_eq!(is_path_segment_name("a/b"), ["may not contain '/'"]);
        assert!(is_c_identifier("_a1").is_empty());
        assert!(!is_c_identifier("1a").is_empty());
        assert!(is_http_header_name("X-A").is_empty());
    }
}
