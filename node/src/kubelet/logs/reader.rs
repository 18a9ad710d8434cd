//! CRI log files as text: `TIMESTAMP STREAM TAG CONTENT` lines, `P` parts put together, options of `kubectl logs` applied
//! (upstream: `pkg/kubelet/kuberuntime/logs`). Works on bytes; where the bytes come from is elsewhere.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;

/// Longest line taken from a log file; a runtime splits at 16 KiB.
pub(crate) const MAX_LINE: usize = 1024 * 1024;

/// What of a log is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Only entries at or after this.
    pub since: Option<Timestamp>,
    /// Only so many lines from the end.
    pub tail: Option<u64>,
    /// Put each line's time before it.
    pub timestamps: bool,
    /// Stop after so many bytes.
    pub limit_bytes: Option<u64>,
    /// `stdout` or `stderr` alone.
    pub stream: Option<String>,
}

/// One line of a log file, its parts borrowed.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    time: &'a str,
    stream: &'a str,
    /// More of the same line follows in the next entry.
    partial: bool,
    content: &'a [u8],
}

/// Splits one line of a file, without its newline. `None` when it is not in the format.
fn parse(line: &[u8]) -> Option<Entry<'_>> {
    let mut parts = line.splitn(4, |byte| *byte == b' ');
    let time = std::str::from_utf8(parts.next()?).ok()?;
    let stream = std::str::from_utf8(parts.next()?).ok()?;
    let tags = parts.next()?;
    let content = parts.next().unwrap_or_default();
    if stream != "stdout" && stream != "stderr" {
        return None;
    }
    let partial = tags.split(|byte| *byte == b':').next() == Some(b"P");
    Some(Entry {
        time,
        stream,
        partial,
        content,
    })
}

/// Turns file lines into output. Holds no more than the options need.
#[derive(Debug)]
pub(crate) struct Writer {
    options: Options,
    left: Option<u64>,
    /// The next entry begins a line.
    line_start: bool,
}

impl Writer {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            left: options.limit_bytes,
            options,
            line_start: true,
        }
    }

    /// Whether the byte limit is reached.
    pub(crate) fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    /// Appends what one file line gives to `out`. Lines not in the format are left out.
    pub(crate) fn push(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let Some(entry) = parse(line) else { return };
        if self
            .options
            .stream
            .as_deref()
            .is_some_and(|wanted| wanted != entry.stream)
        {
            return;
        }
        if let Some(since) = self.options.since
            && entry
                .time
                .parse::<Timestamp>()
                .is_ok_and(|time| time < since)
        {
            return;
        }
        let from = out.len();
        if self.options.timestamps && self.line_start {
            out.extend_from_slice(entry.time.as_bytes());
            out.push(b' ');
        }
        out.extend_from_slice(entry.content);
        if !entry.partial {
            out.push(b'\n');
        }
        self.line_start = !entry.partial;
        if let Some(left) = &mut self.left {
            let added = u64::try_from(out.len() - from).unwrap_or(u64::MAX);
            if added > *left {
                out.truncate(from + usize::try_from(*left).unwrap_or(usize::MAX));
            }
            *left -= added.min(*left);
        }
    }
}

/// Whether a file line ends a line of output.
fn ends_line(line: &[u8]) -> bool {
    parse(line).is_some_and(|entry| !entry.partial)
}

/// Byte offset in a file at which its last `lines` lines of output begin, and how many were found.
pub(crate) fn tail_offset(file: &mut File, lines: u64) -> io::Result<(u64, u64)> {
    let length = file.seek(SeekFrom::End(0))?;
    if lines == 0 {
        return Ok((length, 0));
    }
    file.seek(SeekFrom::Start(0))?;
    let mut starts: VecDeque<u64> = VecDeque::new();
    let mut reader = BufReader::with_capacity(64 * 1024, file);
    let mut position = 0;
    let mut start = 0;
    let mut line = Vec::new();
    loop {
        let read = read_line(&mut reader, &mut line)?;
        if read == 0 {
            break;
        }
        position += u64::try_from(read).unwrap_or(0);
        if ends_line(&line) {
            starts.push_back(start);
            start = position;
            if u64::try_from(starts.len()).unwrap_or(u64::MAX) > lines {
                starts.pop_front();
            }
        }
    }
    let found = u64::try_from(starts.len()).unwrap_or(0);
    Ok((starts.front().copied().unwrap_or(start), found))
}

/// Reads one line without its newline; returns the bytes taken from the file. A line longer than [`MAX_LINE`] comes in pieces.
pub(crate) fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    line.clear();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    let read = reader.take(limit).read_until(b'\n', line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(read)
}

/// The end of a log as text: at most so many bytes and lines. Empty when it cannot be read.
pub(crate) fn tail_text(path: &Path, max_bytes: usize, max_lines: usize) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let (offset, _) = tail_offset(&mut file, u64::try_from(max_lines).unwrap_or(u64::MAX))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut reader = BufReader::new(file);
        let mut writer = Writer::new(Options::default());
        let (mut line, mut out) = (Vec::new(), Vec::new());
        while read_line(&mut reader, &mut line)? > 0 {
            writer.push(&line, &mut out);
        }
        Ok(out)
    };
    let bytes = read().unwrap_or_default();
    let from = bytes.len().saturating_sub(max_bytes);
    String::from_utf8_lossy(&bytes[from..]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    const LOG: &str = "2026-11-23T02:47:00.1Z stdout F one\n\
        2026-11-23T02:47:01.1Z stdout P tw\n\
        2026-11-23T02:47:01.2Z stdout F o\n\
        broken line\n\
        2026-11-23T02:47:02.1Z stderr F three\n\
        2026-11-23T02:47:03.1Z stdout F \n";

    fn read(options: Options) -> String {
        let mut writer = Writer::new(options);
        let mut out = Vec::new();
        for line in LOG.as_bytes().split(|byte| *byte == b'\n') {
            writer.push(line, &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    fn file() -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("0.log");
        File::create(&path)
            .unwrap()
            .write_all(LOG.as_bytes())
            .unwrap();
        (dir, path)
    }

    #[test]
    fn parts_are_put_together_and_rubbish_is_left_out() {
        assert_eq!(read(Options::default()), "one\ntwo\nthree\n\n");
    }

    #[test]
    fn times_stand_at_the_start_of_lines_only() {
        let text = read(Options {
            timestamps: true,
            ..Options::default()
        });
        assert_eq!(
            text,
            "2026-11-23T02:47:00.1Z one\n2026-11-23T02:47:01.1Z two\n2026-11-23T02:47:02.1Z three\n2026-11-23T02:47:03.1Z \n"
        );
    }

    #[test]
    fn since_stream_and_limit() {
        let since = Options {
            since: Some("2026-11-23T02:47:02Z".parse().unwrap()),
            ..Options::default()
        };
        assert_eq!(read(since), "three\n\n");
        let stream = Options {
            stream: Some("stderr".into()),
            ..Options::default()
        };
        assert_eq!(read(stream), "three\n");
        let limit = Options {
            limit_bytes: Some(6),
            ..Options::default()
        };
        assert_eq!(read(limit), "one\ntw");
    }

    #[test]
    fn the_tail_counts_lines_not_parts() {
        let (_dir, path) = file();
        let mut open = File::open(&path).unwrap();
        let (offset, found) = tail_offset(&mut open, 3).unwrap();
        assert_eq!(found, 3);
        assert!(
            LOG[usize::try_from(offset).unwrap()..]
                .starts_with("2026-11-23T02:47:01.1Z stdout P tw")
        );
        assert_eq!(tail_offset(&mut open, 100).unwrap(), (0, 4));
        assert_eq!(tail_offset(&mut open, 0).unwrap().1, 0);
    }

    #[test]
    fn the_end_as_text_is_bounded() {
        let (_dir, path) = file();
        assert_eq!(tail_text(&path, 100, 2), "three\n\n");
        assert_eq!(tail_text(&path, 3, 80), "e\n\n");
        assert_eq!(tail_text(Path::new("/nonexistent"), 3, 80), "");
    }
}
