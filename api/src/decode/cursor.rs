//! JSON's tokens, read from bytes with the messages of Go's `encoding/json` scanner.
//!
//! Knows nothing of types. Text that is not UTF-8 is mended with U+FFFD, as Go does.

use serde_json::{Map, Number, Value};

/// The deepest nesting of lists and maps that is read. Stored objects are read back with serde_json, whose bound is 128, and
/// `managedFields` nest four deeper than the object.
pub const MAX_DEPTH: usize = 120;

/// A syntax error's message, which ends the reading.
#[derive(Debug)]
pub struct Syntax(pub String);

pub type Read<T> = Result<T, Syntax>;

/// A position in a JSON text.
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

/// What the next value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Cursor {
            bytes,
            at: 0,
            depth: 0,
        }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// The error for the byte at hand, or for the end of the text.
    fn wrong<T>(&self, context: &str) -> Read<T> {
        Err(Syntax(match self.bytes.get(self.at) {
            None => "unexpected end of JSON input".to_owned(),
            Some(&byte) => format!("invalid character {} {context}", quote_byte(byte)),
        }))
    }

    /// What value begins here.
    pub fn peek(&mut self) -> Read<Kind> {
        self.space();
        match self.bytes.get(self.at) {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            _ => self.wrong("looking for beginning of value"),
        }
    }

    /// Only space may follow the outermost value.
    pub fn end(&mut self) -> Read<()> {
        self.space();
        if self.at < self.bytes.len() {
            return self.wrong("after top-level value");
        }
        Ok(())
    }

    fn enter(&mut self) -> Read<()> {
        if self.depth >= MAX_DEPTH {
            return self.wrong("exceeded max depth");
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Reads an object, calling `entry` at each value with its key.
    pub fn object(&mut self, mut entry: impl FnMut(&mut Self, String) -> Read<()>) -> Read<()> {
        self.enter()?;
        self.space();
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
            self.depth -= 1;
            return Ok(());
        }
        loop {
            self.space();
            if self.bytes.get(self.at) != Some(&b'"') {
                return self.wrong("looking for beginning of object key string");
            }
            let key = self.string()?;
            self.space();
            if self.bytes.get(self.at) != Some(&b':') {
                return self.wrong("after object key");
            }
            self.at += 1;
            entry(self, key)?;
            self.space();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    self.depth -= 1;
                    return Ok(());
                }
                _ => return self.wrong("after object key:value pair"),
            }
        }
    }

    /// Reads an array, calling `element` at each value with its index.
    pub fn array(&mut self, mut element: impl FnMut(&mut Self, usize) -> Read<()>) -> Read<()> {
        self.enter()?;
        self.space();
        if self.bytes.get(self.at) == Some(&b']') {
            self.at += 1;
            self.depth -= 1;
            return Ok(());
        }
        let mut index = 0;
        loop {
            element(self, index)?;
            index += 1;
            self.space();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    self.depth -= 1;
                    return Ok(());
                }
                _ => return self.wrong("after array element"),
            }
        }
    }

    /// Reads a string; the cursor is at its opening quote.
    pub fn string(&mut self) -> Read<String> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    let text = String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned();
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => return self.string_with_escapes(start),
                Some(byte) if *byte >= 0x20 => self.at += 1,
                _ => return self.wrong("in string literal"),
            }
        }
    }

    fn string_with_escapes(&mut self, start: usize) -> Read<String> {
        let mut out = self.bytes[start..self.at].to_vec();
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(String::from_utf8_lossy(&out).into_owned());
                }
                Some(b'\\') => {
                    self.at += 1;
                    let c = self.escape()?;
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(&byte) if byte >= 0x20 => {
                    out.push(byte);
                    self.at += 1;
                }
                _ => return self.wrong("in string literal"),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let c = match self.bytes.get(self.at) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let first = self.hex4()?;
                return self.surrogate(first);
            }
            _ => return self.wrong("in string escape code"),
        };
        self.at += 1;
        Ok(c)
    }

    /// Half a surrogate pair without its other half is U+FFFD.
    fn surrogate(&mut self, first: u32) -> Read<char> {
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex4()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Read<u32> {
        let mut code = 0;
        for _ in 0..4 {
            match self
                .bytes
                .get(self.at)
                .and_then(|b| (*b as char).to_digit(16))
            {
                Some(digit) => code = code * 16 + digit,
                None => return self.wrong("in \\u hexadecimal character escape"),
            }
            self.at += 1;
        }
        Ok(code)
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.at > start
    }

    /// Reads a number; answers with its text.
    pub fn number(&mut self) -> Read<&'a str> {
        let start = self.at;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else if !self.digits() {
            return self.wrong("in numeric literal");
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if !self.digits() {
                return self.wrong("after decimal point in numeric literal");
            }
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            if !self.digits() {
                return self.wrong("in exponent of numeric literal");
            }
        }
        Ok(std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("0"))
    }

    /// Reads `true` or `false`.
    pub fn bool(&mut self) -> Read<bool> {
        let truth = self.bytes.get(self.at) == Some(&b't');
        self.literal(if truth { "true" } else { "false" })?;
        Ok(truth)
    }

    /// Reads `null`.
    pub fn null(&mut self) -> Read<()> {
        self.literal("null")
    }

    fn literal(&mut self, word: &str) -> Read<()> {
        for expected in word.bytes() {
            if self.bytes.get(self.at) != Some(&expected) {
                return self.wrong(&format!(
                    "in literal {word} (expecting '{}')",
                    expected as char
                ));
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Passes over a value, checking its syntax.
    pub fn skip(&mut self) -> Read<()> {
        match self.peek()? {
            Kind::Object => self.object(|c, _| c.skip()),
            Kind::Array => self.array(|c, _| c.skip()),
            Kind::String => self.string().map(drop),
            Kind::Number => self.number().map(drop),
            Kind::Bool => self.bool().map(drop),
            Kind::Null => self.null(),
        }
    }

    /// Reads any value. Of repeated keys the last counts; `duplicate` hears of them.
    pub fn any(&mut self, duplicate: &mut dyn FnMut(&str)) -> Read<Value> {
        Ok(match self.peek()? {
            Kind::Object => {
                let mut map = Map::new();
                self.object(|c, key| {
                    if map.contains_key(&key) {
                        duplicate(&key);
                    }
                    let value = c.any(&mut |inner| duplicate(&join(&key, inner)))?;
                    map.insert(key, value);
                    Ok(())
                })?;
                Value::Object(map)
            }
            Kind::Array => {
                let mut list = Vec::new();
                self.array(|c, index| {
                    list.push(c.any(&mut |inner| duplicate(&join(&format!("[{index}]"), inner)))?);
                    Ok(())
                })?;
                Value::Array(list)
            }
            Kind::String => Value::String(self.string()?),
            Kind::Number => any_number(self.number()?),
            Kind::Bool => Value::Bool(self.bool()?),
            Kind::Null => {
                self.null()?;
                Value::Null
            }
        })
    }
}

/// A number that has no declared type: whole if it is written so and fits, else floating point.
pub fn any_number(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return Value::from(whole);
    }
    let float = text.parse::<f64>().ok().and_then(Number::from_f64);
    float.map_or(Value::Null, Value::Number)
}

/// Joins two parts of a path; an index follows without a dot.
fn join(outer: &str, inner: &str) -> String {
    let dot = if inner.starts_with('[') { "" } else { "." };
    format!("{outer}{dot}{inner}")
}

fn quote_byte(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        byte => {
            let quoted = crate::gotext::quote(&char::from(byte).to_string());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}
