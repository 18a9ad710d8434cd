//! CRI's log lines: `<RFC 3339 time with nanoseconds> <stdout|stderr> <F|P> <text>\n`.
//!
//! The form is the kubelet's (`KEP: kubelet CRI logging`, read by `pkg/kubelet/kuberuntime/logs`): tag `F` ends a line, `P` says that the
//! line goes on in the next entry. A line without an end is kept until its newline comes, or 16 KiB have, or the stream ends.

use std::io::Write as _;

use jiff::Timestamp;
use jiff::fmt::strtime;

/// Longest text of one entry, in bytes; what is longer is split into `P` entries. The value is containerd's and cri-o's.
pub const MAX_ENTRY: usize = 16 * 1024;

/// Which of the guest's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Source {
    /// The word in the log line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Cuts one stream's bytes into log entries.
#[derive(Debug)]
pub struct Splitter {
    source: Source,
    /// Bytes since the last newline; never longer than [`MAX_ENTRY`], and without capacity while a stream is quiet.
    rest: Vec<u8>,
}

impl Splitter {
    /// A splitter at the beginning of a line.
    pub const fn new(source: Source) -> Self {
        Self {
            source,
            rest: Vec::new(),
        }
    }

    /// Takes bytes of the stream and appends every entry they complete to `out`.
    pub fn push(&mut self, mut bytes: &[u8], now: Timestamp, out: &mut Vec<u8>) {
        while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            let (line, tail) = (&bytes[..end], &bytes[end + 1..]);
            self.line(line, now, out);
            bytes = tail;
        }
        self.hold(bytes, now, out);
    }

    /// The stream ended: what is left becomes a full entry.
    pub fn finish(&mut self, now: Timestamp, out: &mut Vec<u8>) {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            entry(out, now, self.source, 'F', &[&rest]);
        }
    }

    fn line(&mut self, line: &[u8], now: Timestamp, out: &mut Vec<u8>) {
        if self.rest.len() + line.len() <= MAX_ENTRY {
            entry(out, now, self.source, 'F', &[&self.rest, line]);
            self.rest = Vec::new();
            return;
        }
        self.hold(line, now, out);
        let rest = std::mem::take(&mut self.rest);
        entry(out, now, self.source, 'F', &[&rest]);
    }

    /// Keeps bytes without a newline, giving out a `P` entry whenever more than a full entry is held.
    fn hold(&mut self, mut bytes: &[u8], now: Timestamp, out: &mut Vec<u8>) {
        while self.rest.len() + bytes.len() > MAX_ENTRY {
            let (head, tail) = bytes.split_at(MAX_ENTRY - self.rest.len());
            entry(out, now, self.source, 'P', &[&self.rest, head]);
            self.rest.clear();
            bytes = tail;
        }
        self.rest.extend_from_slice(bytes);
    }
}

fn entry(out: &mut Vec<u8>, now: Timestamp, source: Source, tag: char, parts: &[&[u8]]) {
    // Writing to a Vec cannot fail; a timestamp jiff cannot format does not exist within its range.
    let _ = write!(
        out,
        "{} {} {tag} ",
        strtime::BrokenDownTime::from(now)
            .to_string("%Y-%m-%dT%H:%M:%S%.9fZ")
            .unwrap_or_default(),
        source.name()
    );
    for part in parts {
        out.extend_from_slice(part);
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: i128) -> Timestamp {
        Timestamp::from_nanosecond(nanos).unwrap()
    }

    fn text(out: &[u8]) -> String {
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn whole_lines_are_full_entries_with_nine_digits_of_nanoseconds() {
        let mut splitter = Splitter::new(Source::Stdout);
        let mut out = Vec::new();
        splitter.push(b"one\n\ntwo\n", at(1_700_000_000_000_000_120), &mut out);
        assert_eq!(
            text(&out),
            "2023-11-14T22:13:20.000000120Z stdout F one\n\
             2023-11-14T22:13:20.000000120Z stdout F \n\
             2023-11-14T22:13:20.000000120Z stdout F two\n"
        );
    }

    #[test]
    fn pieces_of_a_line_are_joined_and_the_last_one_ends_with_the_stream() {
        let mut splitter = Splitter::new(Source::Stderr);
        let mut out = Vec::new();
        splitter.push(b"he", at(0), &mut out);
        assert!(out.is_empty());
        splitter.push(b"llo\nrest", at(0), &mut out);
        splitter.finish(at(0), &mut out);
        splitter.finish(at(0), &mut out);
        assert_eq!(
            text(&out),
            "1970-01-01T00:00:00.000000000Z stderr F hello\n1970-01-01T00:00:00.000000000Z stderr F rest\n"
        );
    }

    #[test]
    fn a_line_of_exactly_the_limit_is_one_entry_and_one_byte_more_is_two() {
        for (extra, tags) in [(0, vec!["F"]), (1, vec!["P", "F"])] {
            let mut splitter = Splitter::new(Source::Stdout);
            let mut out = Vec::new();
            let mut line = vec![b'x'; MAX_ENTRY + extra];
            line.push(b'\n');
            splitter.push(&line, at(0), &mut out);
            let seen: Vec<_> = text(&out)
                .lines()
                .map(|l| l.split(' ').nth(2).unwrap().to_owned())
                .collect();
            assert_eq!(seen, tags);
        }
    }

    #[test]
    fn a_long_line_in_small_pieces_keeps_every_byte() {
        let mut splitter = Splitter::new(Source::Stdout);
        let mut out = Vec::new();
        let line: Vec<u8> = (0..50_000u32).map(|i| b'a' + (i % 26) as u8).collect();
        for piece in line.chunks(777) {
            splitter.push(piece, at(0), &mut out);
        }
        splitter.push(b"\n", at(0), &mut out);
        let joined: Vec<u8> = text(&out)
            .lines()
            .flat_map(|l| l.splitn(4, ' ').nth(3).unwrap().bytes().collect::<Vec<_>>())
            .collect();
        assert_eq!(joined, line);
        let tags: String = text(&out)
            .lines()
            .map(|l| l.split(' ').nth(2).unwrap().to_owned())
            .collect();
        assert_eq!(tags, "PPPF");
    }
}
