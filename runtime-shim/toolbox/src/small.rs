//! The tools that need no files: echo, env, test, date and their like.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::options::Options;
use crate::{Streams, run, tool, wrong};

/// `echo [-n] [WORD…]`.
pub fn echo(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let mut words = words.get(1..).unwrap_or_default();
    let mut end = "\n";
    if let Some((first, rest)) = words.split_first()
        && first == "-n"
    {
        (words, end) = (rest, "");
    }
    write!(streams.output, "{}{end}", words.join(" "))?;
    Ok(true)
}

/// `env [NAME=VALUE…] [TOOL [ARGUMENT…]]`.
pub fn env(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let mut words = words.get(1..).unwrap_or_default();
    let mut set = Vec::new();
    while let Some((first, rest)) = words.split_first()
        && let Some(pair) = first.split_once('=')
    {
        set.push(pair);
        words = rest;
    }
    for (name, value) in &set {
        crate::shell::set_variable(name, value);
    }
    let Some(name) = words.first() else {
        for (name, value) in crate::shell::variables() {
            writeln!(streams.output, "{name}={value}")?;
        }
        return Ok(true);
    };
    let tool = tool(name).ok_or_else(|| wrong(format!("can't execute '{name}': not found")))?;
    Ok(run(tool, words, streams))
}

/// `printenv [NAME…]`.
pub fn printenv(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let names = words.get(1..).unwrap_or_default();
    if names.is_empty() {
        return env(&[], streams);
    }
    let mut all = true;
    for name in names {
        match crate::shell::variable(name) {
            Some(value) => writeln!(streams.output, "{value}")?,
            None => all = false,
        }
    }
    Ok(all)
}

/// `pwd`.
pub fn pwd(_words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    writeln!(streams.output, "{}", std::env::current_dir()?.display())?;
    Ok(true)
}

/// `true`.
pub fn yes(_words: &[String], _streams: &mut Streams<'_>) -> io::Result<bool> {
    Ok(true)
}

/// `false`.
pub fn no(_words: &[String], _streams: &mut Streams<'_>) -> io::Result<bool> {
    Ok(false)
}

/// `hostname`.
pub fn hostname(_words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let name = crate::shell::variable("HOSTNAME").unwrap_or_default();
    writeln!(streams.output, "{name}")?;
    Ok(true)
}

/// `sleep SECONDS`, with a fraction and a unit of `s`, `m`, `h` or `d`.
pub fn sleep(words: &[String], _streams: &mut Streams<'_>) -> io::Result<bool> {
    let text = words.get(1).map_or("", String::as_str);
    let (number, unit) = match text.chars().last() {
        Some('s') => (&text[..text.len() - 1], 1.0),
        Some('m') => (&text[..text.len() - 1], 60.0),
        Some('h') => (&text[..text.len() - 1], 3600.0),
        Some('d') => (&text[..text.len() - 1], 86_400.0),
        _ => (text, 1.0),
    };
    let seconds: f64 = number
        .parse()
        .map_err(|_| wrong(format!("invalid number '{text}'")))?;
    let time = Duration::try_from_secs_f64(seconds * unit)
        .map_err(|_| wrong(format!("invalid number '{text}'")))?;
    std::thread::sleep(time);
    Ok(true)
}

/// `basename PATH [SUFFIX]`.
pub fn basename(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let path = words.get(1).ok_or_else(|| wrong("missing operand"))?;
    let path = path.trim_end_matches('/');
    let name = path.rsplit('/').next().unwrap_or(path);
    let suffix = words.get(2).map_or("", String::as_str);
    let short = name.strip_suffix(suffix).filter(|short| !short.is_empty());
    writeln!(streams.output, "{}", short.unwrap_or(name))?;
    Ok(true)
}

/// `dirname PATH`.
pub fn dirname(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let path = words.get(1).ok_or_else(|| wrong("missing operand"))?;
    let parent = Path::new(path)
        .parent()
        .map(|parent| parent.display().to_string());
    let parent = match parent {
        None => "/".to_owned(),
        Some(parent) if parent.is_empty() => ".".to_owned(),
        Some(parent) => parent,
    };
    writeln!(streams.output, "{parent}")?;
    Ok(true)
}

/// `date [-u] [+%s]`: the time of day in UTC, which is all that WASI knows.
pub fn date(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "u")?;
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    match options.rest.first().map(String::as_str) {
        None => writeln!(streams.output, "{}", moment(since))?,
        Some("+%s") => writeln!(streams.output, "{since}")?,
        Some(format) => {
            return Err(wrong(format!(
                "format '{format}' is not known: only +%s is"
            )));
        }
    }
    Ok(true)
}

/// A time as RFC 3339 writes it.
pub fn moment(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since 0000-03-01, of which each 400 years have 146,097 (the proleptic Gregorian calendar).
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day + 2) / 153;
    let day = day - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `test EXPRESSION`, or `[ EXPRESSION ]`.
pub fn test(words: &[String], _streams: &mut Streams<'_>) -> io::Result<bool> {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    if words.first() == Some(&"[") && words.pop() != Some("]") {
        return Err(wrong("missing ]"));
    }
    holds(words.get(1..).unwrap_or_default())
}

fn holds(words: &[&str]) -> io::Result<bool> {
    let number = |text: &str| {
        text.parse::<i64>()
            .map_err(|_| wrong(format!("{text}: bad number")))
    };
    match words {
        [] => Ok(false),
        [word] => Ok(!word.is_empty()),
        ["!", rest @ ..] => holds(rest).map(|held| !held),
        ["-n", word] => Ok(!word.is_empty()),
        ["-z", word] => Ok(word.is_empty()),
        ["-e", path] => Ok(Path::new(path).exists()),
        ["-f", path] => Ok(Path::new(path).is_file()),
        ["-d", path] => Ok(Path::new(path).is_dir()),
        ["-L" | "-h", path] => Ok(Path::new(path).is_symlink()),
        ["-s", path] => Ok(std::fs::metadata(path).is_ok_and(|found| found.len() > 0)),
        ["-r", path] => Ok(std::fs::File::open(path).is_ok()),
        [left, "=" | "==", right] => Ok(left == right),
        [left, "!=", right] => Ok(left != right),
        [left, "-eq", right] => Ok(number(left)? == number(right)?),
        [left, "-ne", right] => Ok(number(left)? != number(right)?),
        [left, "-lt", right] => Ok(number(left)? < number(right)?),
        [left, "-le", right] => Ok(number(left)? <= number(right)?),
        [left, "-gt", right] => Ok(number(left)? > number(right)?),
        [left, "-ge", right] => Ok(number(left)? >= number(right)?),
        words => Err(wrong(format!("'{}' is not understood", words.join(" ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output_of;

    #[test]
    fn words_are_echoed() {
        assert_eq!(output_of(&["echo", "a", "b"], "").1, "a b\n");
        assert_eq!(output_of(&["echo", "-n", "a"], "").1, "a");
        assert_eq!(output_of(&["basename", "/a/b.txt", ".txt"], "").1, "b\n");
        assert_eq!(output_of(&["dirname", "/a/b.txt"], "").1, "/a\n");
        assert_eq!(output_of(&["dirname", "b"], "").1, ".\n");
    }

    #[test]
    fn what_is_tested_holds_or_not() {
        let holds = |words: &[&str]| {
            let words: Vec<&str> = ["test"].iter().chain(words).copied().collect();
            output_of(&words, "").0
        };
        assert!(holds(&["a", "=", "a"]) && holds(&["1", "-lt", "2"]) && holds(&["-d", "/"]));
        assert!(!holds(&["-e", "/no/such"]) && !holds(&["!", "a"]) && !holds(&[]));
        assert!(output_of(&["[", "a", "]"], "").0);
        assert_eq!(output_of(&["[", "a"], "").2, "[: missing ]\n");
        assert_eq!(
            output_of(&["test", "x", "-eq", "1"], "").2,
            "test: x: bad number\n"
        );
    }

    #[test]
    fn times_are_dates() {
        assert_eq!(moment(0), "1970-01-01T00:00:00Z");
        assert_eq!(moment(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(moment(1_800_000_001), "2027-01-15T08:00:01Z");
    }
}
