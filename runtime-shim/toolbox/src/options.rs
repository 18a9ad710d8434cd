//! Options of one letter each, as POSIX' utility syntax has them: `-la`, `-n 3`, `-n3`, `--` before what is none.

use std::io;

use crate::wrong;

/// The options of a tool, and what is left.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    given: Vec<(char, String)>,
    /// The operands.
    pub rest: Vec<String>,
}

impl Options {
    /// Reads the words after the tool's name. `known` lists its letters; one that takes a value has a colon behind it.
    pub fn parse(words: &[String], known: &str) -> io::Result<Options> {
        let mut options = Options::default();
        let mut words = words.iter().skip(1);
        while let Some(word) = words.next() {
            let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                options.rest.push(word.clone());
                continue;
            };
            if letters == "-" {
                options.rest.extend(words.cloned());
                break;
            }
            let mut letters = letters.chars();
            while let Some(letter) = letters.next() {
                let place = known.find(letter).filter(|_| letter != ':');
                let place = place.ok_or_else(|| wrong(format!("invalid option -- '{letter}'")))?;
                let takes_value = known[place + letter.len_utf8()..].starts_with(':');
                let mut value = String::new();
                if takes_value {
                    value = letters.by_ref().collect();
                    if value.is_empty() {
                        let next = words.next().cloned();
                        value = next.ok_or_else(|| {
                            wrong(format!("option requires an argument -- '{letter}'"))
                        })?;
                    }
                }
                options.given.push((letter, value));
            }
        }
        Ok(options)
    }

    /// Whether an option was given.
    pub fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(given, _)| *given == letter)
    }

    /// The last value of an option.
    pub fn value(&self, letter: char) -> Option<&str> {
        let mut given = self.given.iter().rev();
        let found = given.find(|(given, _)| *given == letter);
        found.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str], known: &str) -> io::Result<Options> {
        let words: Vec<String> = ["tool"]
            .iter()
            .chain(words)
            .map(ToString::to_string)
            .collect();
        Options::parse(&words, known)
    }

    #[test]
    fn letters_values_and_the_rest_are_told_apart() {
        let options = parse(&["-al", "x", "-n3", "-n", "4", "--", "-y"], "aln:").unwrap();
        assert!(options.has('a') && options.has('l') && !options.has('z'));
        assert_eq!(options.value('n'), Some("4"));
        assert_eq!(options.rest, ["x", "-y"]);
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let words = |words: &[&str]| parse(words, "an:").unwrap_err().to_string();
        assert_eq!(words(&["-x"]), "invalid option -- 'x'");
        assert_eq!(words(&["-n"]), "option requires an argument -- 'n'");
    }
}
