//! The tools that read text: cat, head, tail, wc, grep.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};

use crate::options::Options;
use crate::{Streams, about, plain, wrong};

/// Lines that head and tail show unless told otherwise.
const LINES: usize = 10;

/// Does something with each file in turn, or with the input when none is named or one is called `-`. What cannot be read is told, and the
/// others go on.
fn each(
    tool: &str,
    paths: &[String],
    streams: &mut Streams<'_>,
    mut act: impl FnMut(&str, &mut dyn BufRead, &mut dyn io::Write) -> io::Result<()>,
) -> io::Result<bool> {
    if paths.is_empty() {
        act("-", streams.input, streams.output)?;
        return Ok(true);
    }
    let mut all = true;
    for path in paths {
        if path == "-" {
            act(path, streams.input, streams.output)?;
            continue;
        }
        match open(path) {
            Ok(mut file) => act(path, &mut file, streams.output).map_err(about(path))?,
            Err(error) => {
                writeln!(streams.errors, "{tool}: {path}: {}", plain(&error))?;
                all = false;
            }
        }
    }
    Ok(all)
}

fn open(path: &str) -> io::Result<BufReader<File>> {
    if std::fs::metadata(path)?.is_dir() {
        return Err(wrong("Is a directory"));
    }
    File::open(path).map(BufReader::new)
}

/// `cat [FILE…]`.
pub fn cat(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "u")?;
    each("cat", &options.rest, streams, |_, from, to| {
        // Each line as it comes: whoever types sees it again at once.
        let mut piece = Vec::new();
        while from.read_until(b'\n', &mut piece)? > 0 {
            to.write_all(&piece)?;
            to.flush()?;
            piece.clear();
        }
        Ok(())
    })
}

fn count(options: &Options) -> io::Result<usize> {
    match options.value('n') {
        None => Ok(LINES),
        Some(text) => text
            .trim_start_matches('-')
            .parse()
            .map_err(|_| wrong(format!("invalid number '{text}'"))),
    }
}

/// `head [-n LINES] [FILE…]`.
pub fn head(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "n:")?;
    let lines = count(&options)?;
    each("head", &options.rest, streams, |_, from, to| {
        let mut line = Vec::new();
        for _ in 0..lines {
            line.clear();
            if from.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            to.write_all(&line)?;
        }
        Ok(())
    })
}

/// `tail [-n LINES] [FILE…]`.
pub fn tail(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "n:")?;
    let lines = count(&options)?;
    each("tail", &options.rest, streams, |_, from, to| {
        let mut last: VecDeque<Vec<u8>> = VecDeque::new();
        loop {
            let mut line = Vec::new();
            if from.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            last.push_back(line);
            if last.len() > lines {
                last.pop_front();
            }
        }
        last.iter().try_for_each(|line| to.write_all(line))
    })
}

/// `wc [-lwc] [FILE…]`.
pub fn wc(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "lwc")?;
    let all = !['l', 'w', 'c'].iter().any(|letter| options.has(*letter));
    each("wc", &options.rest, streams, |path, from, to| {
        let (mut lines, mut words, mut bytes) = (0_u64, 0_u64, 0_u64);
        let mut inside = false;
        for byte in from.bytes() {
            let byte = byte?;
            bytes += 1;
            lines += u64::from(byte == b'\n');
            let is_blank = byte.is_ascii_whitespace();
            words += u64::from(!is_blank && !inside);
            inside = !is_blank;
        }
        let numbers = [('l', lines), ('w', words), ('c', bytes)];
        let mut shown: Vec<String> = numbers
            .iter()
            .filter(|(letter, _)| all || options.has(*letter))
            .map(|(_, number)| number.to_string())
            .collect();
        if path != "-" {
            shown.push(path.to_owned());
        }
        writeln!(to, "{}", shown.join(" "))
    })
}

/// `grep [-cilnqv] -F TEXT [FILE…]`: lines that have a text in them. Patterns are not understood, and said so.
pub fn grep(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let mut options = Options::parse(words, "Fcilnqv")?;
    if options.rest.is_empty() {
        return Err(wrong("no text is given"));
    }
    let text = options.rest.remove(0);
    if !options.has('F') && text.contains(['.', '*', '[', '\\', '^', '$']) {
        return Err(wrong(format!(
            "'{text}' looks like a pattern, and only texts are found here: -F says that it is one"
        )));
    }
    let fold = |line: &str| {
        if options.has('i') {
            line.to_lowercase()
        } else {
            line.to_owned()
        }
    };
    let wanted = fold(&text);
    let several = options.rest.len() > 1;
    let mut found = false;
    let read = each("grep", &options.rest, streams, |path, from, to| {
        let mut count = 0;
        for (index, line) in from.lines().enumerate() {
            let line = line?;
            if fold(&line).contains(&wanted) == options.has('v') {
                continue;
            }
            (count, found) = (count + 1, true);
            if options.has('q') || options.has('c') || options.has('l') {
                continue;
            }
            if several {
                write!(to, "{path}:")?;
            }
            if options.has('n') {
                write!(to, "{}:", index + 1)?;
            }
            writeln!(to, "{line}")?;
        }
        match (options.has('l'), options.has('c')) {
            (true, _) if count > 0 => writeln!(to, "{path}"),
            (false, true) => writeln!(to, "{count}"),
            _ => Ok(()),
        }
    })?;
    Ok(read && found)
}

#[cfg(test)]
mod tests {
    use crate::output_of;

    const TEXT: &str = "one\ntwo\nthree\n";

    #[test]
    fn the_input_is_read_when_no_file_is_named() {
        assert_eq!(output_of(&["cat"], TEXT).1, TEXT);
        assert_eq!(output_of(&["head", "-n", "1"], TEXT).1, "one\n");
        assert_eq!(output_of(&["head", "-n1", "-"], TEXT).1, "one\n");
        assert_eq!(output_of(&["tail", "-n", "2"], TEXT).1, "two\nthree\n");
        assert_eq!(output_of(&["wc"], TEXT).1, "3 3 14\n");
        assert_eq!(output_of(&["wc", "-l"], TEXT).1, "3\n");
    }

    #[test]
    fn texts_are_found() {
        assert_eq!(output_of(&["grep", "t"], TEXT).1, "two\nthree\n");
        assert_eq!(output_of(&["grep", "-vn", "t"], TEXT).1, "1:one\n");
        assert_eq!(output_of(&["grep", "-ic", "T"], TEXT).1, "2\n");
        assert!(!output_of(&["grep", "-q", "x"], TEXT).0);
        assert!(
            output_of(&["grep", "o.e"], TEXT)
                .2
                .contains("looks like a pattern")
        );
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_rest_goes_on() {
        let (success, output, errors) = output_of(&["cat", "/no/such", "-"], TEXT);
        assert!(!success);
        assert_eq!(output, TEXT);
        assert_eq!(errors, "cat: /no/such: No such file or directory\n");
        assert_eq!(output_of(&["cat", "/"], "").2, "cat: /: Is a directory\n");
    }
}
