//! Tools for looking around in a WebAssembly container, which has no files of its own: `kubectl exec POD -- ls /data` runs this component
//! with the container's files, environment and sockets, and its first argument says which tool it is.
//!
//! The tools do what their namesakes of POSIX do, with the options that are used most; an option that is not known is an error, never
//! ignored. A component can end with success or failure and no other code (WASI 0.2), so that is all that is told.

#![allow(
    clippy::disallowed_methods,
    reason = "a program of its own, whose work is sleeping and telling the time"
)]

mod files;
mod names;
mod network;
mod options;
mod shell;
mod small;
mod tar;
mod text;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

/// What a tool reads and writes.
pub struct Streams<'a> {
    /// Its stdin.
    pub input: &'a mut dyn BufRead,
    /// Its stdout.
    pub output: &'a mut dyn Write,
    /// Its stderr.
    pub errors: &'a mut dyn Write,
}

/// A tool is given its name with its arguments, and says whether it succeeded; an error is told with its name before it.
pub type Tool = fn(&[String], &mut Streams<'_>) -> io::Result<bool>;

/// What a name means.
fn meaning(name: &str) -> Option<Tool> {
    Some(match name {
        "[" | "test" => small::test,
        "basename" => small::basename,
        "cat" => text::cat,
        "cp" => files::cp,
        "date" => small::date,
        "dirname" => small::dirname,
        "echo" => small::echo,
        "env" => small::env,
        "false" => small::no,
        "grep" => text::grep,
        "head" => text::head,
        "hostname" => small::hostname,
        "ls" => files::ls,
        "mkdir" => files::mkdir,
        "mv" => files::mv,
        "nslookup" => network::nslookup,
        "printenv" => small::printenv,
        "pwd" => small::pwd,
        "rm" => files::rm,
        "rmdir" => files::rmdir,
        "sh" => shell::sh,
        "sleep" => small::sleep,
        "stat" => files::stat,
        "tail" => text::tail,
        "tar" => tar::tar,
        "touch" => files::touch,
        "true" => small::yes,
        "wc" => text::wc,
        "wget" => network::wget,
        _ => return None,
    })
}

/// The tool of a name, which may be given as a path.
pub fn tool(name: &str) -> Option<Tool> {
    let short = name.rsplit('/').next().unwrap_or(name);
    names::NAMES
        .binary_search(&short)
        .ok()
        .and_then(|_| meaning(short))
}

/// An error with words of our own.
pub fn wrong(words: impl Into<String>) -> io::Error {
    io::Error::other(words.into())
}

/// An error with what it is about.
pub fn about(what: &str) -> impl FnOnce(io::Error) -> io::Error {
    let what = what.to_owned();
    move |error| wrong(format!("{what}: {}", plain(&error)))
}

/// An error in the system's words, without its number.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Runs a tool, and tells its error.
pub fn run(tool: Tool, words: &[String], streams: &mut Streams<'_>) -> bool {
    match tool(words, streams) {
        Ok(success) => success,
        Err(error) => {
            let name = words.first().map_or("toolbox", String::as_str);
            let _ = writeln!(streams.errors, "{name}: {}", plain(&error));
            false
        }
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let name = words.first().map_or("", String::as_str);
    let (mut input, mut output, mut errors) = (
        io::BufReader::new(io::stdin()),
        io::BufWriter::new(io::stdout()),
        io::stderr(),
    );
    let mut streams = Streams {
        input: &mut input,
        output: &mut output,
        errors: &mut errors,
    };
    let Some(tool) = tool(name) else {
        let _ = writeln!(streams.errors, "{name}: not found");
        return ExitCode::FAILURE;
    };
    let success = run(tool, &words, &mut streams);
    // Who reads is gone: that is no success.
    if streams.output.flush().is_ok() && success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What a tool prints, for tests.
#[cfg(test)]
pub fn output_of(words: &[&str], input: &str) -> (bool, String, String) {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let mut input = input.as_bytes();
    let mut streams = Streams {
        input: &mut input,
        output: &mut output,
        errors: &mut errors,
    };
    let success = run(tool(&words[0]).unwrap(), &words, &mut streams);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (success, text(output), text(errors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_in_order_and_found_by_path() {
        assert!(names::NAMES.is_sorted());
        assert!(names::NAMES.iter().all(|name| tool(name).is_some()));
        assert!(tool("/bin/ls").is_some());
        assert!(tool("vi").is_none());
    }
}
