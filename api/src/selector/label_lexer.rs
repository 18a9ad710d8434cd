//! The tokens of a label selector's text. Grammar: `apimachinery/pkg/labels.Parse`.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Error,
    End,
    Close,
    Comma,
    Not,
    DoubleEquals,
    Equals,
    Greater,
    Identifier,
    In,
    Less,
    NotEquals,
    NotIn,
    Open,
}

impl Token {
    /// `in` and `notin` are ordinary words where a value is expected.
    pub(super) fn as_value(self) -> Token {
        if matches!(self, Token::In | Token::NotIn) {
            Token::Identifier
        } else {
            self
        }
    }
}

fn special(byte: u8) -> bool {
    matches!(byte, b'=' | b'!' | b'(' | b')' | b',' | b'>' | b'<')
}

fn space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn symbol(text: &str) -> Option<Token> {
    Some(match text {
        ")" => Token::Close,
        "," => Token::Comma,
        "!" => Token::Not,
        "==" => Token::DoubleEquals,
        "=" => Token::Equals,
        ">" => Token::Greater,
        "<" => Token::Less,
        "!=" => Token::NotEquals,
        "(" => Token::Open,
        _ => return None,
    })
}

/// All tokens of `text`, the last being [`Token::End`]. A NUL byte ends the text, as upstream's lexer has it.
pub(super) fn scan(text: &str) -> Vec<(Token, String)> {
    let text = text.split('\0').next().unwrap_or_default();
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        while at < bytes.len() && space(bytes[at]) {
            at += 1;
        }
        if at >= bytes.len() {
            tokens.push((Token::End, String::new()));
            return tokens;
        }
        let start = at;
        if special(bytes[at]) {
            let (token, literal, end) = scan_symbol(text, start);
            tokens.push((token, literal));
            at = end;
        } else {
            while at < bytes.len() && !special(bytes[at]) && !space(bytes[at]) {
                at += 1;
            }
            let word = &text[start..at];
            let token = match word {
                "in" => Token::In,
                "notin" => Token::NotIn,
                _ => Token::Identifier,
            };
            tokens.push((token, word.to_owned()));
        }
    }
}

/// The longest run of special bytes that is an operator.
fn scan_symbol(text: &str, start: usize) -> (Token, String, usize) {
    let bytes = text.as_bytes();
    let mut found = None;
    let mut end = start;
    while end < bytes.len() && special(bytes[end]) {
        match (symbol(&text[start..=end]), found) {
            (Some(token), _) => found = Some(token),
            (None, Some(_)) => break,
            (None, None) => {}
        }
        end += 1;
    }
    match found {
        Some(token) => (token, text[start..end].to_owned(), end),
        None => (
            Token::Error,
            format!("error expected: keyword found '{}'", &text[start..end]),
            end,
        ),
    }
}
