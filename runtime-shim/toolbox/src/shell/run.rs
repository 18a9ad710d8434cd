//! Runs a list.

use std::fs::File;
use std::io::{self, BufRead, Write};

use super::lex::{Part, Word};
use super::parse::{Command, Pipeline, Redirection, When};
use super::{set_variable, variable};
use crate::{Streams, about, run, tool, wrong};

/// Where nothing is, and whatever is written is gone: a container need not have it.
const NOTHING: &str = "/dev/null";

/// What a shell remembers.
#[derive(Debug, Default)]
pub struct Shell {
    failed: bool,
}

/// How far a list went: it ended, or the shell is to end, each with success or without.
type Ended = Result<bool, bool>;

impl Shell {
    /// Runs a list to its end, or to an `exit`.
    pub fn list(&mut self, list: &[Pipeline], streams: &mut Streams<'_>) -> io::Result<Ended> {
        for pipeline in list {
            let runs = match pipeline.when {
                When::Always => true,
                When::Success => !self.failed,
                When::Failure => self.failed,
            };
            if !runs {
                continue;
            }
            match self.pipeline(&pipeline.commands, streams)? {
                Ok(success) => self.failed = success == pipeline.negated,
                exit => return Ok(exit),
            }
        }
        Ok(Ok(!self.failed))
    }

    fn pipeline(&self, commands: &[Command], streams: &mut Streams<'_>) -> io::Result<Ended> {
        let mut passed: Option<Vec<u8>> = None;
        let mut ended = Ok(true);
        for (index, command) in commands.iter().enumerate() {
            let mut output = Vec::new();
            let mut before = passed.as_deref();
            let mut inner = Streams {
                input: match &mut before {
                    Some(bytes) => bytes,
                    None => &mut *streams.input,
                },
                output: &mut output,
                errors: &mut *streams.errors,
            };
            if index + 1 == commands.len() {
                inner.output = &mut *streams.output;
                ended = self.command(command, &mut inner)?;
            } else {
                // What an `exit` inside of a pipeline ends is that part of it.
                let _ = self.command(command, &mut inner)?;
                passed = Some(output);
            }
        }
        Ok(ended)
    }

    fn command(&self, command: &Command, streams: &mut Streams<'_>) -> io::Result<Ended> {
        let mut words = Vec::new();
        let mut assigned = Vec::new();
        for word in &command.words {
            match assignment(word).filter(|_| words.is_empty()) {
                Some((name, value)) => assigned.push((name, self.joined(&value))),
                None => words.extend(self.expanded(word)),
            }
        }
        for (name, value) in assigned {
            set_variable(&name, &value);
        }
        let done = self.redirected(&command.redirections, streams, |streams| {
            Ok(execute(&words, streams))
        });
        match done {
            Ok(ended) => Ok(ended),
            Err(error) => {
                writeln!(streams.errors, "sh: {}", crate::plain(&error))?;
                Ok(Ok(false))
            }
        }
    }

    /// Does something with its streams where the redirections say.
    fn redirected(
        &self,
        redirections: &[Redirection],
        streams: &mut Streams<'_>,
        act: impl FnOnce(&mut Streams<'_>) -> io::Result<Ended>,
    ) -> io::Result<Ended> {
        let (mut input, mut output, mut errors): (Option<Box<dyn BufRead>>, Sink, Sink) =
            (None, Sink::Own, Sink::Own);
        for redirection in redirections {
            match redirection {
                Redirection::Input(file) => {
                    let path = self.joined(file);
                    input = Some(match path.as_str() {
                        NOTHING => Box::new(io::empty()),
                        path => {
                            let file = File::open(path).map_err(about(path))?;
                            Box::new(io::BufReader::new(file))
                        }
                    });
                }
                Redirection::Output { file, append } => {
                    output = Sink::file(&self.joined(file), *append)?;
                }
                Redirection::Errors { file, append } => {
                    errors = Sink::file(&self.joined(file), *append)?;
                }
                Redirection::ErrorsToOutput => errors = Sink::Other,
                Redirection::OutputToErrors => output = Sink::Other,
            }
        }
        // Two streams of one place are gathered and written one after the other: a tool has each for itself.
        let (mut printed, mut complained) = (Vec::new(), Vec::new());
        let ended = act(&mut Streams {
            input: match &mut input {
                Some(input) => &mut **input,
                None => &mut *streams.input,
            },
            output: match output {
                Sink::Own => &mut *streams.output,
                Sink::File(ref mut file) => file,
                Sink::Nothing | Sink::Other => &mut printed,
            },
            errors: match errors {
                Sink::Own => &mut *streams.errors,
                Sink::File(ref mut file) => file,
                Sink::Nothing | Sink::Other => &mut complained,
            },
        });
        if let Sink::Other = output {
            match &mut errors {
                Sink::File(file) => file.write_all(&printed)?,
                _ => streams.errors.write_all(&printed)?,
            }
        }
        if let Sink::Other = errors {
            match &mut output {
                Sink::File(file) => file.write_all(&complained)?,
                Sink::Nothing => {}
                _ => streams.output.write_all(&complained)?,
            }
        }
        ended
    }

    /// A word's text, unparted.
    fn joined(&self, word: &Word) -> String {
        word.iter().map(|part| self.value(part)).collect()
    }

    fn value(&self, part: &Part) -> String {
        match part {
            Part::Text { text, .. } => text.clone(),
            Part::Variable { name, .. } if name == "?" => u8::from(self.failed).to_string(),
            Part::Variable {
                name, otherwise, ..
            } => {
                let value = variable(name).filter(|value| !value.is_empty());
                value.or_else(|| otherwise.clone()).unwrap_or_default()
            }
        }
    }

    /// The words that a word becomes: a variable that is not quoted is parted at its blanks, and stars are files where there are some.
    fn expanded(&self, word: &Word) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        let mut current: Option<String> = None;
        let mut is_pattern = false;
        for part in word {
            let value = self.value(part);
            match part {
                Part::Variable { quoted: false, .. } => {
                    if value.starts_with(char::is_whitespace) {
                        words.extend(current.take());
                    }
                    for (index, piece) in value.split_whitespace().enumerate() {
                        if index > 0 {
                            words.extend(current.take());
                        }
                        current.get_or_insert_default().push_str(piece);
                    }
                    if value.ends_with(char::is_whitespace) {
                        words.extend(current.take());
                    }
                }
                Part::Text { quoted, .. } => {
                    is_pattern |= !quoted && value.contains('*');
                    current.get_or_insert_default().push_str(&value);
                }
                Part::Variable { .. } => current.get_or_insert_default().push_str(&value),
            }
        }
        words.extend(current);
        match words.as_slice() {
            [pattern] if is_pattern => {
                let found = files(pattern);
                if found.is_empty() { words } else { found }
            }
            _ => words,
        }
    }
}

/// Where a stream goes.
enum Sink {
    /// Where it went before.
    Own,
    /// Where the other one goes.
    Other,
    File(File),
    Nothing,
}

impl Sink {
    fn file(path: &str, append: bool) -> io::Result<Sink> {
        if path == NOTHING {
            return Ok(Sink::Nothing);
        }
        let mut options = File::options();
        options.create(true).append(append).write(true);
        let file = options.truncate(!append).open(path);
        file.map(Sink::File).map_err(about(path))
    }
}

/// The name of an assignment, and the word of its value.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Part::Text {
        text,
        quoted: false,
    }) = word.first()
    else {
        return None;
    };
    let (name, value) = text.split_once('=')?;
    let is_name = !name.is_empty()
        && !name.starts_with(|letter: char| letter.is_ascii_digit())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let first = Part::Text {
        text: value.to_owned(),
        quoted: true,
    };
    let rest = word.iter().skip(1).cloned();
    is_name.then(|| {
        (
            name.to_owned(),
            std::iter::once(first).chain(rest).collect(),
        )
    })
}

/// Runs a tool, or what only the shell itself can do.
fn execute(words: &[String], streams: &mut Streams<'_>) -> Ended {
    let Some(name) = words.first() else {
        // Assignments alone.
        return Ok(true);
    };
    let argument = words.get(1).map(String::as_str);
    match name.as_str() {
        ":" => Ok(true),
        "exit" => Err(argument.is_none_or(|code| code == "0")),
        "exec" if words.len() > 1 => execute(&words[1..], streams).map_or_else(Err, Err),
        "export" => {
            for pair in &words[1..] {
                if let Some((name, value)) = pair.split_once('=') {
                    set_variable(name, value);
                }
            }
            Ok(true)
        }
        "cd" => {
            let home = variable("HOME").unwrap_or_else(|| "/".to_owned());
            let path = argument.unwrap_or(&home);
            match std::env::set_current_dir(path) {
                Ok(()) => Ok(true),
                Err(error) => {
                    let _ = writeln!(streams.errors, "sh: cd: {path}: {}", crate::plain(&error));
                    Ok(false)
                }
            }
        }
        _ => match tool(name) {
            Some(tool) => Ok(run(tool, words, streams)),
            None => {
                let told = wrong(format!("{name}: not found"));
                let _ = writeln!(streams.errors, "sh: {told}");
                Ok(false)
            }
        },
    }
}

/// The files that a pattern names, in order. Stars stand in the last part of a path alone.
fn files(pattern: &str) -> Vec<String> {
    let (folder, last) = match pattern.rsplit_once('/') {
        Some((folder, last)) => (Some(folder), last),
        None => (None, pattern),
    };
    let path = match folder {
        None => ".",
        Some("") => "/",
        Some(folder) => folder,
    };
    let Ok(entries) = std::fs::read_dir(path) else {
        return Vec::new();
    };
    let mut found: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') || last.starts_with('.'))
        .filter(|name| matches(last, name))
        .map(|name| match folder {
            Some(folder) => format!("{folder}/{name}"),
            None => name,
        })
        .collect();
    found.sort();
    found
}

/// Whether a name is one of a pattern's, in which `*` is any text.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
