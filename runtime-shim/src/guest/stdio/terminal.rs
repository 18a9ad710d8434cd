//! What a terminal does between a person and a program, in the settings that a new one has on Linux: lines are edited before they are
//! read, what is typed is shown, and a few keys mean something (termios(3): ICANON, ECHO, ECHOE, ECHOK, ECHOCTL, ISIG, ICRNL, ONLCR).
//!
//! Pure. A guest cannot ask for other settings: WASI has no way to.

/// Most bytes of a line that is not ended (`N_TTY_BUF_SIZE`).
const MAX_LINE: usize = 4095;

const ERASE: u8 = 0x7f;
const BACKSPACE: u8 = 0x08;
const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const KILL: u8 = 0x15;
const WORD: u8 = 0x17;
const QUIT: u8 = 0x1c;
const ESCAPE: u8 = 0x1b;

/// What comes of what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// What the person sees.
    pub shown: Vec<u8>,
    /// What the program reads.
    pub read: Vec<u8>,
    /// The person says that there is no more.
    pub ended: bool,
    /// The person wants the program to end.
    pub interrupted: bool,
}

/// The line that is being typed.
#[derive(Debug, Default)]
pub struct Terminal {
    line: Vec<u8>,
}

impl Terminal {
    /// What comes of bytes that were typed.
    pub fn typed(&mut self, bytes: &[u8]) -> Typed {
        let mut typed = Typed::default();
        for byte in bytes {
            self.key(*byte, &mut typed);
            if typed.ended || typed.interrupted {
                break;
            }
        }
        typed
    }

    fn key(&mut self, byte: u8, typed: &mut Typed) {
        match byte {
            b'\r' | b'\n' => {
                self.line.push(b'\n');
                typed.read.append(&mut self.line);
                typed.shown.extend_from_slice(b"\r\n");
            }
            ERASE | BACKSPACE => self.erase(typed),
            KILL => {
                while !self.line.is_empty() {
                    self.erase(typed);
                }
            }
            WORD => {
                let is_blank = |last: &u8| last.is_ascii_whitespace();
                while self.line.last().is_some_and(is_blank) {
                    self.erase(typed);
                }
                while self.line.last().is_some_and(|last| !is_blank(last)) {
                    self.erase(typed);
                }
            }
            END if self.line.is_empty() => typed.ended = true,
            END => typed.read.append(&mut self.line),
            INTERRUPT | QUIT => {
                self.line.clear();
                typed.shown.extend_from_slice(&shown(byte));
                typed.interrupted = true;
            }
            byte if self.line.len() < MAX_LINE => {
                self.line.push(byte);
                typed.shown.extend_from_slice(&shown(byte));
            }
            // As Linux: a bell, and the key is lost.
            _ => typed.shown.push(0x07),
        }
    }

    /// Takes the last character back.
    fn erase(&mut self, typed: &mut Typed) {
        // The bytes of a character after its first are 10xxxxxx.
        while let Some(byte) = self.line.pop() {
            if byte & 0xc0 == 0x80 {
                continue;
            }
            let width = if shown(byte).len() == 2 { 2 } else { 1 };
            for _ in 0..width {
                typed.shown.extend_from_slice(b"\x08 \x08");
            }
            return;
        }
    }
}

/// How a key is shown: keys without a picture as `^C`.
fn shown(byte: u8) -> Vec<u8> {
    match byte {
        b'\t' => vec![byte],
        0..=ESCAPE | 0x1c..=0x1f => vec![b'^', byte + b'@'],
        byte => vec![byte],
    }
}

/// What the program writes, as the terminal gets it: lines begin at the left.
pub fn printed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    for byte in bytes {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> (String, String) {
        let typed = Terminal::default().typed(keys.as_bytes());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(typed.read), text(typed.shown))
    }

    #[test]
    fn a_line_is_read_when_it_is_whole() {
        assert_eq!(typed("ls"), (String::new(), "ls".to_owned()));
        assert_eq!(typed("ls\r"), ("ls\n".to_owned(), "ls\r\n".to_owned()));
        let mut terminal = Terminal::default();
        assert_eq!(terminal.typed(b"l").read, b"");
        assert_eq!(terminal.typed(b"s\n").read, b"ls\n");
    }

    #[test]
    fn what_was_typed_can_be_taken_back() {
        assert_eq!(typed("lx\x7fs\r").0, "ls\n");
        assert_eq!(typed("l\u{fc}\x7fs\r").0, "ls\n");
        assert_eq!(typed("rm all\x17ls\r").0, "rm ls\n");
        assert_eq!(typed("rm all\x15ls\r").0, "ls\n");
        assert_eq!(typed("\x7f\r").0, "\n");
        assert_eq!(typed("a\x7f").1, "a\x08 \x08");
        assert_eq!(typed("\x1b\x7f").1, "^[\x08 \x08\x08 \x08");
    }

    #[test]
    fn some_keys_mean_something() {
        let of = |keys: &str| Terminal::default().typed(keys.as_bytes());
        assert!(of("\x04").ended);
        let flushed = of("ab\x04");
        assert!(!flushed.ended);
        assert_eq!(flushed.read, b"ab");
        let interrupted = of("ab\x03cd");
        assert!(interrupted.interrupted);
        assert_eq!(interrupted.shown, b"ab^C");
        assert_eq!(interrupted.read, b"");
    }

    #[test]
    fn a_line_has_an_end() {
        let mut terminal = Terminal::default();
        terminal.typed(&[b'a'; MAX_LINE]);
        assert_eq!(terminal.typed(b"b").shown, b"\x07");
        assert_eq!(terminal.typed(b"\n").read.len(), MAX_LINE + 1);
    }

    #[test]
    fn lines_are_printed_from_the_left() {
        assert_eq!(printed(b"a\nb\n"), b"a\r\nb\r\n");
    }
}
