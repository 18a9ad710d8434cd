//! `sh`: one-liners such as `test -e /data/ready && cat /etc/config | head -n 1 > /tmp/x`, given with `-c` or line by line.
//!
//! Lists (`;`, `&&`, `||`), pipelines, redirections, quotes, variables and `*` are understood; control structures, functions and
//! substitutions of commands are not, and said so. A pipeline's tools run one after another: there is one thread.

mod lex;
mod parse;
mod run;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::sync::Mutex;

use crate::{Streams, plain, wrong};

/// Variables that were set here, over the environment's.
static SET: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// The value of a variable.
pub fn variable(name: &str) -> Option<String> {
    let set = SET.lock().ok()?.get(name).cloned();
    set.or_else(|| std::env::var(name).ok())
}

/// Sets a variable, for every tool that is run from here on.
pub fn set_variable(name: &str, value: &str) {
    if let Ok(mut set) = SET.lock() {
        set.insert(name.to_owned(), value.to_owned());
    }
}

/// All variables.
pub fn variables() -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = std::env::vars().collect();
    if let Ok(set) = SET.lock() {
        all.extend(set.clone());
    }
    all
}

/// `sh [-c LINE [NAME]]`.
pub fn sh(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let mut words = words.iter().skip(1);
    match words.next().map(String::as_str) {
        None => lines(streams),
        Some("-c") => {
            let line = words
                .next()
                .ok_or_else(|| wrong("-c requires an argument"))?;
            let list = parse::parse(line)?;
            let mut shell = run::Shell::default();
            Ok(shell.list(&list, streams)?.unwrap_or_else(|exit| exit))
        }
        Some(option) if option.starts_with('-') => Err(wrong(format!("invalid option '{option}'"))),
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(crate::about(file))?;
            let list = parse::parse(&text)?;
            let mut shell = run::Shell::default();
            Ok(shell.list(&list, streams)?.unwrap_or_else(|exit| exit))
        }
    }
}

/// Line by line, with a prompt where a person types.
fn lines(streams: &mut Streams<'_>) -> io::Result<bool> {
    let asks = io::stdin().is_terminal();
    let mut shell = run::Shell::default();
    let mut success = true;
    loop {
        if asks {
            write!(streams.output, "/ # ")?;
        }
        streams.output.flush()?;
        let mut line = String::new();
        if streams.input.read_line(&mut line)? == 0 {
            return Ok(success);
        }
        match parse::parse(&line).and_then(|list| shell.list(&list, streams)) {
            Ok(Ok(ended)) => success = ended,
            Ok(Err(exit)) => return Ok(exit),
            Err(error) => {
                writeln!(streams.errors, "sh: {}", plain(&error))?;
                success = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::output_of;

    fn sh(line: &str) -> (bool, String, String) {
        output_of(&["sh", "-c", line], "")
    }

    #[test]
    fn lists_go_on_by_success() {
        assert_eq!(sh("echo a; echo b").1, "a\nb\n");
        assert_eq!(sh("true && echo a || echo b").1, "a\n");
        assert_eq!(sh("false && echo a || echo b").1, "b\n");
        assert!(sh("! false").0 && !sh("! true").0);
        assert!(!sh("echo a; exit 3; echo b").0);
        assert_eq!(sh("echo a; exit 0; echo b").1, "a\n");
        assert_eq!(sh("false; echo $?").1, "1\n");
    }

    #[test]
    fn words_are_quoted_and_variables_put_in() {
        assert_eq!(sh(r#"X=1; echo "$X" '$X' ${X}2 \$X"#).1, "1 $X 12 $X\n");
        assert_eq!(sh("echo ${NO_SUCH:-other}").1, "other\n");
        assert_eq!(sh(r#"E=; echo a $E "$E" b"#).1, "a  b\n");
        assert_eq!(sh("Y='a  b'; echo $Y \"$Y\"").1, "a b a  b\n");
        assert_eq!(sh("echo a # b").1, "a\n");
        assert_eq!(sh("export Z=1 && env | grep Z=1").1, "Z=1\n");
    }

    #[test]
    fn pipelines_pass_text_on() {
        assert_eq!(sh("echo hello | cat | wc -c").1, "6\n");
        assert!(!sh("echo hello | grep -q x").0);
        assert_eq!(sh("nothing 2>&1 | cat").1, "sh: nothing: not found\n");
    }

    #[test]
    fn redirections_are_files() {
        let path = std::env::temp_dir().join(format!("toolbox-sh-{}", std::process::id()));
        let path = path.display();
        let line = format!("echo a > {path}; echo b >> {path}; cat < {path}; rm {path}");
        assert_eq!(sh(&line).1, "a\nb\n");
        assert_eq!(sh("echo a > /dev/null; echo b 2>/dev/null").1, "b\n");
        let refused = sh("cat < /no/such");
        assert_eq!(refused.2, "sh: /no/such: No such file or directory\n");
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (line, words) in [
            ("if true; then echo a; fi", "if is not understood"),
            ("echo $(date)", "substitution of commands is not understood"),
            ("echo `date`", "substitution of commands is not understood"),
            ("sleep 1 &", "running in the background is not understood"),
            ("echo 'a", "unterminated quoted string"),
            ("echo a |", "syntax error: unexpected end"),
            ("&& echo", "syntax error: unexpected '&&'"),
        ] {
            let (success, _, errors) = sh(line);
            assert!(!success && errors.contains(words), "{line}: {errors}");
        }
    }

    #[test]
    fn lines_are_read_from_the_input() {
        let told = output_of(&["sh"], "echo a\nnothing\necho b");
        assert_eq!(told.1, "a\nb\n");
        assert_eq!(told.2, "sh: nothing: not found\n");
        assert!(!output_of(&["sh"], "exit 1\n").0);
    }

    #[test]
    fn stars_are_files() {
        let folder = std::env::temp_dir().join(format!("toolbox-star-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        for name in ["a.txt", "b.txt", "c"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let at = folder.display();
        let found = sh(&format!("echo {at}/*.txt '{at}/*'")).1;
        let none = sh(&format!("echo {at}/x*")).1;
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, format!("{at}/a.txt {at}/b.txt {at}/*\n"));
        assert_eq!(none, format!("{at}/x*\n"));
    }
}
