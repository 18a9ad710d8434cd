//! A command line as Go's `flag` package reads it: one dash or two, `-name=value` or `-name value`, booleans alone.

use super::{
    table::{self, Kind},
    values::Values,
};

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To run the server; the path of a configuration file if one was named.
    Run(Option<String>),
    /// The help.
    Help,
    /// The version.
    Version,
}

/// Flags that are about the command itself, hence in no table.
const CONFIG_FILE: &str = "config-file";
const VERSION: &str = "version";

/// Reads `args` (without the program's name) into `values`.
///
/// # Errors
/// `(true, words)` where Go's `flag` would print its usage after them, `(false, words)` otherwise.
pub fn read(args: &[String], values: &mut Values) -> Result<Asked, (bool, String)> {
    let mut config_file = None;
    let mut version = false;
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let Some(name) = arg.strip_prefix('-').filter(|name| !name.is_empty()) else {
            return Err((false, format!("'{arg}' is not a valid flag")));
        };
        if arg == "--" {
            return match rest.next() {
                Some(word) => Err((false, format!("'{word}' is not a valid flag"))),
                None => break,
            };
        }
        let name = name.strip_prefix('-').unwrap_or(name);
        if name.is_empty() || name.starts_with(['-', '=']) {
            return Err((true, format!("bad flag syntax: {arg}")));
        }
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (name, None),
        };
        if matches!(name, "h" | "help") {
            return Ok(Asked::Help);
        }
        if name == VERSION {
            version = value.is_none_or(|text| super::value::boolean(text) == Ok(true));
            continue;
        }
        let flag = table::find(name);
        if flag.is_none() && name != CONFIG_FILE {
            return Err((true, format!("flag provided but not defined: -{name}")));
        }
        let alone = flag.is_some_and(|flag| matches!(flag.kind, Kind::Bool | Kind::Ignored));
        let value = match value {
            Some(value) => value,
            None if alone => "true",
            None => match rest.next() {
                Some(value) => value,
                None => return Err((true, format!("flag needs an argument: -{name}"))),
            },
        };
        let Some(flag) = flag else {
            config_file = Some(value.to_owned());
            continue;
        };
        values.set(flag, value).map_err(|error| {
            let what = if flag.kind == Kind::Bool {
                "boolean value"
            } else {
                "value"
            };
            let link = if flag.kind == Kind::Bool {
                "for"
            } else {
                "for flag"
            };
            (
                true,
                format!("invalid {what} {value:?} {link} -{name}: {error}"),
            )
        })?;
    }
    if version {
        return Ok(Asked::Version);
    }
    Ok(Asked::Run(config_file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_words(line: &str) -> (Result<Asked, (bool, String)>, Values) {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let mut values = Values::default();
        (read(&args, &mut values), values)
    }

    #[test]
    fn forms_of_go() {
        let (asked, values) =
            read_words("-name=a --data-dir d --pre-vote=false --client-cert-auth --vv --name b");
        assert_eq!(asked, Ok(Asked::Run(None)));
        assert_eq!((values.text("name"), values.text("data-dir")), ("b", "d"));
        assert!(!values.boolean("pre-vote") && values.boolean("client-cert-auth"));
        assert!(!values.is_set("wal-dir"));
        assert_eq!(
            read_words("--config-file x").0,
            Ok(Asked::Run(Some("x".into())))
        );
        assert_eq!(read_words("--version").0, Ok(Asked::Version));
        assert_eq!(read_words("-h").0, Ok(Asked::Help));
    }

    #[test]
    fn errors_of_go() {
        for (line, usage, words) in [
            ("--nope", true, "flag provided but not defined: -nope"),
            ("--name", true, "flag needs an argument: -name"),
            ("word", false, "'word' is not a valid flag"),
            ("-- word", false, "'word' is not a valid flag"),
            ("---name=x", true, "bad flag syntax: ---name=x"),
            (
                "--pre-vote=x",
                true,
                "invalid boolean value \"x\" for -pre-vote: parse error",
            ),
            (
                "--election-timeout x",
                true,
                "invalid value \"x\" for flag -election-timeout: parse error",
            ),
            (
                "--election-timeout=-1",
                true,
                "invalid value \"-1\" for flag -election-timeout: parse error",
            ),
            (
                "--grpc-keepalive-timeout 5",
                true,
                "invalid value \"5\" for flag -grpc-keepalive-timeout: parse error",
            ),
            (
                "--max-concurrent-streams 4294967296",
                true,
                "invalid value \"4294967296\" for flag -max-concurrent-streams: value out of range",
            ),
            (
                "--initial-cluster-state x",
                true,
                "invalid value \"x\" for flag -initial-cluster-state: invalid value",
            ),
            (
                "--v2-deprecation x",
                true,
                "invalid value \"x\" for flag -v2-deprecation: invalid value \"x\"",
            ),
            (
                "--listen-client-urls http://a",
                true,
                "invalid value \"http://a\" for flag -listen-client-urls: URL address does not have the form \"host:port\": http://a",
            ),
        ] {
            assert_eq!(read_words(line).0, Err((usage, words.into())), "{line}");
        }
    }
}
