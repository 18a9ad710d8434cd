//! A scenario as data: lines of commands for etcdctl and etcdutl, and what surrounds them.
//!
//! | Line | Does |
//! |---|---|
//! | `members 3` | the size of the cluster, 1 when not said |
//! | `members 1 3` | it is played on one member, and then through a follower of three |
//! | `server FLAG…` | further flags of every member |
//! | `formats simple json` | the `--write-out` formats in which it is played, all when not said |
//! | `short 3.5` | the release of the tools with which alone the short run plays it: it takes long |
//! | `hide REGEX` | hides what it matches: what in this scenario depends on chance |
//! | `fresh` | each format on a new cluster, because the scenario can't undo what it does |
//! | `etcdctl …`, `etcdutl …` | runs it; output and exit code are compared |
//! | `sorted etcdctl …` | the same, its lines in any order |
//! | `setup etcdctl …` | runs it; it must succeed, and is not compared |
//! | `until TEXT :: etcdctl …` | runs it until its output has TEXT, and compares that output |
//! | `in TEXT` | a line of the next command's standard input |
//! | `let NAME PATH = etcdctl …` | runs it with `-w json` and keeps the number at PATH (`member.ID`) as hexadecimal; not compared |
//! | `rev NAME` | keeps the current revision |
//! | `spawn NAME etcdctl …` | starts it |
//! | `await NAME TEXT` | waits until its output has TEXT, as it is or as JSON shows bytes, in base64 |
//! | `end NAME int\|wait` | interrupts it, or waits for its end; output and exit code are compared |
//! | `stop mN`, `start mN` | ends a member by SIGTERM; starts it again |
//! | `store FLAG…` | starts one more server with exactly these flags, waits until `{new}` answers |
//! | `write FILE TEXT` | makes a file |
//!
//! `{NAME}` and `{NAME+1}` stand for kept values; [`crate::stage`] says which exist from the beginning.
//! Words are split as a shell does, with `'` and `"`. `#` begins a comment.

use anyhow::{Context as _, bail, ensure};
use regex::Regex;

/// The formats of `--write-out`.
pub const FORMATS: [&str; 5] = ["simple", "json", "fields", "table", "protobuf"];

/// A whole scenario.
#[derive(Clone, Debug)]
pub struct Script {
    /// How many members the clusters have that it is played on.
    pub members: Vec<usize>,
    /// Further flags of every member.
    pub server: Vec<String>,
    /// The formats in which it is played.
    pub formats: Vec<String>,
    /// The release of the tools with which alone the short run plays it, if not with all.
    pub short: Option<String>,
    /// Whether each format wants a new cluster.
    pub fresh: bool,
    /// What is hidden in all output.
    pub hide: Vec<Regex>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One line that does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The line's number in its file, from 1.
    pub line: usize,
    /// The line itself.
    pub text: String,
    /// What it does.
    pub action: Action,
}

/// A program with its arguments and its input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// `etcdctl` or `etcdutl`.
    pub tool: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its standard input.
    pub input: String,
}

/// What a step does: see the table at the top.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table at the top describes them")]
pub enum Action {
    Compare {
        run: Run,
        sorted: bool,
    },
    Setup(Run),
    Until {
        text: String,
        run: Run,
    },
    Let {
        name: String,
        path: String,
        run: Run,
    },
    Revision(String),
    Spawn {
        name: String,
        run: Run,
    },
    Await {
        name: String,
        text: String,
    },
    End {
        name: String,
        interrupt: bool,
    },
    Stop(String),
    Start(String),
    Store(Vec<String>),
    Write {
        file: String,
        text: String,
    },
}

impl Script {
    /// Reads a scenario; an error names the line.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut script = Script {
            members: vec![1],
            server: Vec::new(),
            formats: FORMATS.map(str::to_owned).to_vec(),
            short: None,
            fresh: false,
            hide: Vec::new(),
            steps: Vec::new(),
        };
        let mut input = String::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            script
                .line(index + 1, line, &mut input)
                .with_context(|| format!("line {}: {line}", index + 1))?;
        }
        ensure!(
            input.is_empty(),
            "input without a command that takes it: {input:?}"
        );
        Ok(script)
    }

    fn line(&mut self, number: usize, line: &str, input: &mut String) -> anyhow::Result<()> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut run = |rest: &str| Run::parse(rest, std::mem::take(input));
        let action = match word {
            "members" => {
                let sizes = rest.split_whitespace().map(str::parse);
                self.members = sizes.collect::<Result<_, _>>()?;
                ensure!(!self.members.is_empty(), "members of what?");
                return Ok(());
            }
            "server" => {
                self.server = words(rest)?;
                return Ok(());
            }
            "formats" => {
                self.formats = words(rest)?;
                for format in &self.formats {
                    ensure!(FORMATS.contains(&format.as_str()), "no format {format}");
                }
                return Ok(());
            }
            "short" => {
                self.short = Some(rest.to_owned());
                return Ok(());
            }
            "hide" => {
                self.hide.push(Regex::new(rest)?);
                return Ok(());
            }
            "fresh" => {
                self.fresh = true;
                return Ok(());
            }
            "in" => {
                input.push_str(rest);
                input.push('\n');
                return Ok(());
            }
            "in:" => {
                input.push('\n');
                return Ok(());
            }
            "etcdctl" | "etcdutl" => Action::Compare {
                run: run(line)?,
                sorted: false,
            },
            "sorted" => Action::Compare {
                run: run(rest)?,
                sorted: true,
            },
            "setup" => Action::Setup(run(rest)?),
            "until" => {
                let (text, rest) = rest
                    .split_once(" :: ")
                    .context("expected TEXT :: COMMAND")?;
                Action::Until {
                    text: text.into(),
                    run: run(rest)?,
                }
            }
            "let" => {
                let (what, rest) = rest.split_once(" = ").context("expected = COMMAND")?;
                let (name, path) = what.split_once(' ').context("expected NAME PATH")?;
                Action::Let {
                    name: name.into(),
                    path: path.into(),
                    run: run(rest)?,
                }
            }
            "rev" => Action::Revision(rest.into()),
            "spawn" => {
                let (name, rest) = rest.split_once(' ').context("expected NAME COMMAND")?;
                Action::Spawn {
                    name: name.into(),
                    run: run(rest)?,
                }
            }
            "await" => {
                let (name, text) = rest.split_once(' ').context("expected NAME TEXT")?;
                Action::Await {
                    name: name.into(),
                    text: text.into(),
                }
            }
            "end" => {
                let (name, how) = rest.split_once(' ').context("expected NAME int or wait")?;
                ensure!(
                    ["int", "wait"].contains(&how),
                    "{how} is neither int nor wait"
                );
                Action::End {
                    name: name.into(),
                    interrupt: how == "int",
                }
            }
            "stop" => Action::Stop(rest.into()),
            "start" => Action::Start(rest.into()),
            "store" => Action::Store(words(rest)?),
            "write" => {
                let (file, text) = rest.split_once(' ').context("expected FILE TEXT")?;
                Action::Write {
                    file: file.into(),
                    text: text.into(),
                }
            }
            _ => bail!("no such line"),
        };
        self.steps.push(Step {
            line: number,
            text: line.into(),
            action,
        });
        Ok(())
    }
}

impl Run {
    fn parse(text: &str, input: String) -> anyhow::Result<Self> {
        let mut words = words(text)?.into_iter();
        let tool = words.next().context("expected a command")?;
        ensure!(
            ["etcdctl", "etcdutl"].contains(&tool.as_str()),
            "{tool} is neither etcdctl nor etcdutl"
        );
        Ok(Run {
            tool,
            args: words.collect(),
            input,
        })
    }
}

fn words(text: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => found.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    ensure!(quote.is_none(), "a quote is not closed");
    found.extend(word);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_splits_them() {
        assert_eq!(
            words("put 'a b' \"\" c'd'  e").unwrap(),
            ["put", "a b", "", "cd", "e"]
        );
        assert!(words("put 'a").is_err());
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        let error = Script::parse("etcdctl put a b\nput a b").unwrap_err();
        assert_eq!(error.to_string(), "line 2: put a b");
        assert!(Script::parse("formats yaml").is_err());
        assert!(
            Script::parse("in lost").is_err(),
            "input without its command"
        );
    }

    #[test]
    fn input_belongs_to_the_next_command() {
        let script = Script::parse("in a\nin:\netcdctl txn\netcdctl get a").unwrap();
        let inputs: Vec<&str> = script
            .steps
            .iter()
            .map(|step| match &step.action {
                Action::Compare { run, .. } => run.input.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(inputs, ["a\n\n", ""]);
    }
}
