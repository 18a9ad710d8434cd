//! A line's tokens: words, whose parts remember how they were quoted, and operators.

use std::io;
use std::iter::Peekable;
use std::str::Chars;

use crate::wrong;

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it is; quoted text is no pattern.
    Text { text: String, quoted: bool },
    /// A variable, and what stands for it where it is empty or not set. Quoted, it stays one word.
    Variable {
        name: String,
        otherwise: Option<String>,
        quoted: bool,
    },
}

/// A word, in parts.
pub type Word = Vec<Part>;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A word.
    Word(Word),
    /// `;`, `&&`, `||`, `|`, `!`, `<`, `>`, `>>`, `2>`, `2>>`, `2>&1`, `>&2`.
    Operator(&'static str),
}

/// Operators, of which a longer one comes before one that it begins with.
const OPERATORS: [&str; 11] = [
    "2>&1", ">&2", "2>>", "2>", ">>", ">", "<", "&&", "||", "|", ";",
];

/// A line's tokens. The end of a line is a `;`.
pub fn tokens(text: &str) -> io::Result<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    'tokens: loop {
        rest = rest.trim_start_matches([' ', '\t', '\r']);
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        if first == '#' {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
            continue;
        }
        if first == '\n' {
            rest = &rest[1..];
            tokens.push(Token::Operator(";"));
            continue;
        }
        for operator in OPERATORS {
            if let Some(after) = rest.strip_prefix(operator) {
                tokens.push(Token::Operator(operator));
                rest = after;
                continue 'tokens;
            }
        }
        match first {
            '&' => return Err(wrong("running in the background is not understood")),
            '(' | ')' => return Err(wrong(format!("'{first}' is not understood"))),
            _ => {}
        }
        let (word, after) = word(rest)?;
        rest = after;
        let bang = [Part::Text {
            text: "!".to_owned(),
            quoted: false,
        }];
        tokens.push(if word == bang {
            Token::Operator("!")
        } else {
            Token::Word(word)
        });
    }
}

/// Whether a character ends a word.
const fn ends(letter: char) -> bool {
    matches!(
        letter,
        ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')'
    )
}

fn word(text: &str) -> io::Result<(Word, &str)> {
    let mut parts = Parts::default();
    let mut letters = text.chars().peekable();
    let left = loop {
        let Some(letter) = letters.peek().copied() else {
            break "";
        };
        if ends(letter) {
            let left: usize = letters.map(char::len_utf8).sum();
            break &text[text.len() - left..];
        }
        letters.next();
        match letter {
            '\'' => {
                parts.text("", true);
                loop {
                    match letters.next() {
                        Some('\'') => break,
                        Some(letter) => parts.letter(letter, true),
                        None => return Err(wrong("syntax error: unterminated quoted string")),
                    }
                }
            }
            '"' => quoted(&mut letters, &mut parts)?,
            '\\' => match letters.next() {
                Some('\n') | None => {}
                Some(letter) => parts.letter(letter, true),
            },
            '$' => dollar(&mut letters, &mut parts, false)?,
            '`' => return Err(wrong("substitution of commands is not understood")),
            letter => parts.letter(letter, false),
        }
    };
    Ok((parts.0, left))
}

#[derive(Default)]
struct Parts(Word);

impl Parts {
    fn letter(&mut self, letter: char, quoted: bool) {
        self.text(letter.encode_utf8(&mut [0; 4]), quoted);
    }

    fn text(&mut self, more: &str, is_quoted: bool) {
        match self.0.last_mut() {
            Some(Part::Text { text, quoted }) if *quoted == is_quoted => text.push_str(more),
            _ => self.0.push(Part::Text {
                text: more.to_owned(),
                quoted: is_quoted,
            }),
        }
    }
}

fn quoted(letters: &mut Peekable<Chars<'_>>, parts: &mut Parts) -> io::Result<()> {
    parts.text("", true);
    loop {
        match letters.next() {
            Some('"') => return Ok(()),
            Some('\\') => match letters.next() {
                Some(letter @ ('"' | '\\' | '$' | '`')) => parts.letter(letter, true),
                Some('\n') => {}
                Some(letter) => {
                    parts.letter('\\', true);
                    parts.letter(letter, true);
                }
                None => return Err(wrong("syntax error: unterminated quoted string")),
            },
            Some('$') => dollar(letters, parts, true)?,
            Some('`') => return Err(wrong("substitution of commands is not understood")),
            Some(letter) => parts.letter(letter, true),
            None => return Err(wrong("syntax error: unterminated quoted string")),
        }
    }
}

/// What follows a `$`.
fn dollar(letters: &mut Peekable<Chars<'_>>, parts: &mut Parts, quoted: bool) -> io::Result<()> {
    let is_name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    let mut otherwise = None;
    let name = match letters.peek().copied() {
        Some('(') => return Err(wrong("substitution of commands is not understood")),
        Some('{') => {
            letters.next();
            let inside: String = letters
                .by_ref()
                .take_while(|letter| *letter != '}')
                .collect();
            let (name, default) = match inside.split_once(":-") {
                Some((name, default)) => (name.to_owned(), Some(default.to_owned())),
                None => (inside, None),
            };
            if name.is_empty() || !name.chars().all(|letter| is_name(&letter)) {
                return Err(wrong(format!("bad substitution '{name}'")));
            }
            otherwise = default;
            name
        }
        Some('?') => {
            letters.next();
            "?".to_owned()
        }
        Some(letter) if is_name(&letter) => {
            let mut name = String::new();
            while let Some(letter) = letters.next_if(is_name) {
                name.push(letter);
            }
            name
        }
        _ => {
            parts.letter('$', quoted);
            return Ok(());
        }
    };
    parts.0.push(Part::Variable {
        name,
        otherwise,
        quoted,
    });
    Ok(())
}
