//! Hides what two runs can't have in common: lease ids, durations, sizes, raft's counts. Everything else must be equal.
//!
//! Both clusters have the same addresses and so the same member and cluster ids, which are therefore compared. An id that is not one
//! of those is hidden behind `<id>`: those that a cluster draws by chance or from the clock.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What a run knows about itself, to hide it.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Ids that both sides must show alike, in decimal and in hexadecimal.
    pub shared: HashSet<String>,
    /// What the scenario hides.
    pub hide: Vec<Regex>,
    /// The run's folder.
    pub folder: String,
}

/// What is looked for, and what takes its place.
type Rules = Vec<(Regex, &'static str)>;

/// Rules for every command. Group 1, if there is one, stays.
static RULES: LazyLock<Rules> = LazyLock::new(|| {
    rules(&[
        (r#""ts":"[^"]*""#, r#""ts":"<time>""#),
        (r"(?m)^\d{4}-\d\d-\d\dT[0-9:.]+Z\s", "<time> "),
        (r"(?s)goroutine \d+ \[.*", "<trace>"),
        (r"\b0x[0-9a-f]{6,}", "<pointer>"),
        (r#"("raft_?[tT]erm":)\d+"#, "${1}<term>"),
        (r#"("RaftTerm" : |raft_term:)\d+"#, "${1}<term>"),
        (r#"(?m)^(1\.4=)\d+$"#, "${1}<term>"),
        (
            r#"("raft(?:Applied)?Index":|"Raft(?:Applied)?Index" : )\d+"#,
            "${1}<index>",
        ),
        (
            r#"("dbSize(?:InUse|Quota)?":|"DBSize(?:InUse)?" : |"Size" : |"totalSize":)\d+"#,
            "${1}<size>",
        ),
        (r"\b\d+(?:\.\d+)? ?(?:[kMG]i?B|B)\b", "<size>"),
        (
            r"\b(?:\d+m)?\d+(?:\.\d+s|(?:\.\d+)?(?:ns|µs|ms))\b",
            "<duration>",
        ),
        (r"Member +<id>", "Member <id>"),
        (r"LocalAddr: '127.0.0.1:\d+'", "LocalAddr: '<address>'"),
        (r#"("took":)\d+"#, "${1}<duration>"),
        (r"\b\d+(?:\.\d+)?%", "<percent>"),
        (r#"("pid":)\d+"#, "${1}<pid>"),
    ])
});

/// Rules for commands that contain a text.
static OF_COMMANDS: LazyLock<Vec<(&str, Rules)>> = LazyLock::new(|| {
    vec![
        (
            "endpoint status",
            // Which patch of 3.5 a server says it is.
            rules(&[(r"\b3\.5\.\d+\b", "3.5.<patch>")]),
        ),
        (
            "status",
            // The simple form has no names: term, index and applied index stand between the learner's flag and the errors.
            rules(&[
                (
                    r"((?:true|false), (?:true|false)), \d+, \d+, \d+,",
                    "${1}, <term>, <index>, <index>,",
                ),
                (
                    r"((?:true|false) \| (?:true|false)) \| \d+ \| \d+ \| \d+ \|",
                    "${1} | <term> | <index> | <index> |",
                ),
            ]),
        ),
        (
            "timetolive",
            rules(&[
                (r#"("ttl":|"TTL" : )\d+"#, "${1}<ttl>"),
                (r"remaining\(\d+s\)", "remaining(<ttl>)"),
                (r"(?m)^3=\d+$", "3=<ttl>"),
            ]),
        ),
        // The client's own form of a lease's answers has the header's fields at the top.
        ("etcdctl lease", rules(&[(r"(?m)^4=\d+$", "4=<term>")])),
        (
            "snapshot status",
            // The file's checksum covers page numbers.
            rules(&[
                (r#"("hash":|"Hash" : )\d+"#, "${1}<hash>"),
                (r"^[0-9a-f]{1,8}, ", "<hash>, "),
                (r"(?m)^\| [0-9a-f]{1,8} \|", "| <hash> |"),
            ]),
        ),
        (
            "check perf",
            rules(&[(r"\d+ writes/s", "<rate>"), (r"[0-9.]+s", "<duration>")]),
        ),
    ]
});

static ID: LazyLock<Rules> = LazyLock::new(|| rules(&[(r"\b(?:[0-9a-f]{13,16}|\d{17,20})\b", "")]));

fn rules(texts: &[(&str, &'static str)]) -> Rules {
    let compile = |text: &str| Regex::new(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    texts
        .iter()
        .map(|(pattern, replacement)| (compile(pattern), *replacement))
        .collect()
}

/// Hides in the output of a command (given with its arguments) what the sides can't have in common.
pub fn normal(command: &str, output: &str, known: &Known) -> String {
    let mut text = table(output);
    if !known.folder.is_empty() {
        text = text.replace(&known.folder, "<folder>");
    }
    for (pattern, _) in ID.iter() {
        text = pattern
            .replace_all(&text, |found: &Captures<'_>| {
                let id = &found[0];
                if known.shared.contains(id) {
                    id.to_owned()
                } else {
                    "<id>".to_owned()
                }
            })
            .into_owned();
    }
    let of_command = OF_COMMANDS
        .iter()
        .filter(|(part, _)| command.contains(part))
        .flat_map(|(_, rules)| rules);
    for (pattern, replacement) in of_command.chain(RULES.iter()) {
        text = pattern.replace_all(&text, *replacement).into_owned();
    }
    for pattern in &known.hide {
        text = pattern.replace_all(&text, "<hidden>").into_owned();
    }
    text
}

/// Columns are as wide as their widest cell, which can be a hidden one: a table's padding and rulers are made short.
fn table(output: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in output.split('\n') {
        if line.starts_with("+-") {
            lines.push("+--+".into());
        } else if line.starts_with('|') && line.ends_with('|') {
            lines.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
        } else {
            lines.push(line.into());
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        Known {
            shared: ["8e9e05c52164694d".to_owned()].into(),
            hide: Vec::new(),
            folder: "/tmp/x".into(),
        }
    }

    #[test]
    fn ids_by_chance_are_hidden_and_shared_ones_stay() {
        let text = normal("lease grant", "lease 694d81cf2d0aed05 granted", &known());
        assert_eq!(text, "lease <id> granted");
        let text = normal("member list", "8e9e05c52164694d, started", &known());
        assert_eq!(text, "8e9e05c52164694d, started");
    }

    #[test]
    fn revisions_and_counts_stay() {
        let text = normal(
            "get",
            r#"{"header":{"revision":7,"raft_term":3},"count":2}"#,
            &known(),
        );
        assert_eq!(
            text,
            r#"{"header":{"revision":7,"raft_term":<term>},"count":2}"#
        );
    }

    #[test]
    fn status_in_every_form() {
        let simple = "127.0.0.1:2379, 8e9e05c52164694d, 3.5.35, 25 kB, true, false, 2, 8, 8, ";
        assert_eq!(
            normal("endpoint status", simple, &known()),
            "127.0.0.1:2379, 8e9e05c52164694d, 3.5.<patch>, <size>, true, false, <term>, <index>, <index>, "
        );
        let row = "|  3.5.35 |   29 kB |      true |      false |         2 |          5 |                  5 |        |";
        assert_eq!(
            normal("endpoint status", row, &known()),
            "| 3.5.<patch> | <size> | true | false | <term> | <index> | <index> | |"
        );
    }
}
