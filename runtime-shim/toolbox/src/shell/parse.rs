//! Tokens to a list of pipelines.

use std::io;

use super::lex::{Part, Token, Word, tokens};
use crate::wrong;

/// Words that begin what is not understood here.
const RESERVED: [&str; 13] = [
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "function",
    "{",
];

/// When a pipeline is run, by how the one before it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In any case.
    Always,
    /// If it succeeded.
    Success,
    /// If it did not.
    Failure,
}

/// Where a stream goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redirection {
    /// `< FILE`.
    Input(Word),
    /// `> FILE`, `>> FILE`.
    Output { file: Word, append: bool },
    /// `2> FILE`, `2>> FILE`.
    Errors { file: Word, append: bool },
    /// `2>&1`.
    ErrorsToOutput,
    /// `>&2`.
    OutputToErrors,
}

/// A tool with its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its name, its arguments, and assignments before them.
    pub words: Vec<Word>,
    /// In their order.
    pub redirections: Vec<Redirection>,
}

/// Commands each of which reads what the one before it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// When it is run.
    pub when: When,
    /// Whether its success is its failure.
    pub negated: bool,
    /// At least one.
    pub commands: Vec<Command>,
}

/// Reads lines.
pub fn parse(text: &str) -> io::Result<Vec<Pipeline>> {
    let mut tokens = tokens(text)?.into_iter().peekable();
    let mut list = Vec::new();
    let mut when = When::Always;
    loop {
        while when == When::Always && tokens.next_if_eq(&Token::Operator(";")).is_some() {}
        if tokens.peek().is_none() {
            return match when {
                When::Always => Ok(list),
                When::Success | When::Failure => Err(wrong("syntax error: unexpected end")),
            };
        }
        let negated = tokens.next_if_eq(&Token::Operator("!")).is_some();
        let mut commands = vec![command(&mut tokens)?];
        while tokens.next_if_eq(&Token::Operator("|")).is_some() {
            commands.push(command(&mut tokens)?);
        }
        list.push(Pipeline {
            when,
            negated,
            commands,
        });
        when = match tokens.next() {
            None | Some(Token::Operator(";")) => When::Always,
            Some(Token::Operator("&&")) => When::Success,
            Some(Token::Operator("||")) => When::Failure,
            Some(token) => return Err(unexpected(Some(&token))),
        };
    }
}

fn unexpected(token: Option<&Token>) -> io::Error {
    wrong(match token {
        Some(Token::Operator(operator)) => format!("syntax error: unexpected '{operator}'"),
        Some(Token::Word(_)) => "syntax error: unexpected word".to_owned(),
        None => "syntax error: unexpected end".to_owned(),
    })
}

fn command(tokens: &mut std::iter::Peekable<std::vec::IntoIter<Token>>) -> io::Result<Command> {
    let mut command = Command::default();
    while let Some(token) =
        tokens.next_if(|token| !matches!(token, Token::Operator(";" | "&&" | "||" | "|" | "!")))
    {
        let operator = match token {
            Token::Operator(operator) => operator,
            Token::Word(word) => {
                command.words.push(word);
                continue;
            }
        };
        let mut file = || match tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            other => Err(unexpected(other.as_ref())),
        };
        command.redirections.push(match operator {
            "<" => Redirection::Input(file()?),
            ">" | ">>" => Redirection::Output {
                file: file()?,
                append: operator == ">>",
            },
            "2>" | "2>>" => Redirection::Errors {
                file: file()?,
                append: operator == "2>>",
            },
            "2>&1" => Redirection::ErrorsToOutput,
            _ => Redirection::OutputToErrors,
        });
    }
    if command == Command::default() {
        return Err(unexpected(tokens.peek()));
    }
    if let Some(
        [
            Part::Text {
                text,
                quoted: false,
            },
        ],
    ) = command.words.first().map(Vec::as_slice)
        && RESERVED.contains(&text.as_str())
    {
        return Err(wrong(format!("{text} is not understood")));
    }
    Ok(command)
}
