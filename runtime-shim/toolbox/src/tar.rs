//! `tar`, by which `kubectl cp` moves files: archives are written as ustar, with pax headers where names are too long for it, and read
//! as ustar, pax and GNU (POSIX.1-2017, pax(1); GNU tar's manual, "Basic Tar Format").

use std::fs;
use std::io::{self, BufRead, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use crate::{Streams, about, wrong};

const BLOCK: usize = 512;
/// Most bytes of a header that is content: a name.
const MAX_NAME: u64 = 64 << 10;
/// The largest size that eleven octal digits tell.
const MAX_SIZE: u64 = (1 << 33) - 1;

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    /// `c`, `x` or `t`.
    action: Option<char>,
    file: Option<String>,
    folder: Option<String>,
    verbose: bool,
    /// Times are not kept.
    now: bool,
    rest: Vec<String>,
}

impl Asked {
    fn parse(words: &[String]) -> io::Result<Asked> {
        let mut asked = Asked::default();
        let mut words = words.iter().skip(1).enumerate();
        while let Some((place, word)) = words.next() {
            // Owners and permissions are nothing that WASI knows.
            if matches!(
                word.as_str(),
                "--no-same-permissions" | "--no-same-owner" | "--overwrite"
            ) {
                continue;
            }
            // The first word's letters need no dash.
            let letters = match word.strip_prefix('-') {
                Some("") | None if place > 0 => {
                    asked.rest.push(word.clone());
                    continue;
                }
                Some(letters) => letters,
                None => word,
            };
            for letter in letters.chars() {
                let mut value = || {
                    let next = words.next().map(|(_, word)| word.clone());
                    next.ok_or_else(|| wrong(format!("option requires an argument -- '{letter}'")))
                };
                match letter {
                    'c' | 'x' | 't' if asked.action.is_none() => asked.action = Some(letter),
                    'f' => asked.file = Some(value()?),
                    'C' => asked.folder = Some(value()?),
                    'v' => asked.verbose = true,
                    'm' => asked.now = true,
                    'p' | 'o' => {}
                    'z' | 'j' | 'J' => return Err(wrong("compression is not understood")),
                    letter => return Err(wrong(format!("invalid option -- '{letter}'"))),
                }
            }
        }
        Ok(asked)
    }

    fn at(&self, path: &str) -> PathBuf {
        match &self.folder {
            Some(folder) => Path::new(folder).join(path),
            None => PathBuf::from(path),
        }
    }
}

/// `tar c|x|t [vm] [f FILE] [C FOLDER] [PATH…]`.
pub fn tar(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let asked = Asked::parse(words)?;
    let file = asked.file.clone().unwrap_or_else(|| "-".to_owned());
    let is_stream = file == "-";
    match asked.action {
        Some('c') => {
            if asked.rest.is_empty() {
                return Err(wrong("no files are named"));
            }
            if is_stream {
                create(&asked, streams.output, streams.errors)
            } else {
                let mut out = fs::File::create(&file).map_err(about(&file))?;
                create(&asked, &mut out, streams.errors)
            }
        }
        Some(_) if is_stream => read(&asked, streams.input, streams.output),
        Some(_) => {
            let from = fs::File::open(&file).map_err(about(&file))?;
            read(&asked, &mut io::BufReader::new(from), streams.output)
        }
        None => Err(wrong("one of c, x and t is wanted")),
    }
}

fn create(asked: &Asked, out: &mut dyn Write, errors: &mut dyn Write) -> io::Result<bool> {
    let mut told = false;
    for path in &asked.rest {
        let name = path.trim_start_matches('/');
        if name.len() < path.len() && !std::mem::replace(&mut told, true) {
            writeln!(errors, "tar: removing leading '/' from member names")?;
        }
        let name = if name.is_empty() { "." } else { name };
        add(asked, &asked.at(path), name, out, errors).map_err(about(path))?;
    }
    out.write_all(&[0; BLOCK * 2])?;
    Ok(true)
}

fn add(
    asked: &Asked,
    path: &Path,
    name: &str,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if asked.verbose {
        writeln!(errors, "{name}")?;
    }
    let changed = found.modified().ok();
    let since = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let mut header = Header {
        name: name.to_owned(),
        kind: b'0',
        size: 0,
        time: since.unwrap_or_default().as_secs(),
        link: String::new(),
    };
    if found.is_symlink() {
        header.kind = b'2';
        header.link = fs::read_link(path)?.display().to_string();
        return header.write(out);
    }
    if found.is_dir() {
        header.kind = b'5';
        header.name = format!("{}/", name.trim_end_matches('/'));
        header.write(out)?;
        let mut entries: Vec<_> = fs::read_dir(path)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let inner = entry.file_name().to_string_lossy().into_owned();
            let inner = format!("{}{inner}", header.name);
            add(asked, &entry.path(), &inner, out, errors)?;
        }
        return Ok(());
    }
    header.size = found.len();
    if header.size > MAX_SIZE {
        return Err(wrong("the file is too large"));
    }
    header.write(out)?;
    let copied = io::copy(&mut fs::File::open(path)?.take(header.size), out)?;
    if copied < header.size {
        return Err(wrong("the file has become shorter"));
    }
    pad(header.size, out)
}

fn pad(size: u64, out: &mut dyn Write) -> io::Result<()> {
    let over = (size % BLOCK as u64) as usize;
    if over == 0 {
        return Ok(());
    }
    out.write_all(&[0; BLOCK][over..])
}

/// What stands before each member.
#[derive(Debug, Default)]
struct Header {
    name: String,
    kind: u8,
    size: u64,
    time: u64,
    link: String,
}

impl Header {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut records = String::new();
        let (prefix, name) = split(&self.name).unwrap_or_else(|| {
            records.push_str(&record("path", &self.name));
            ("", "long")
        });
        let mut link = self.link.as_str();
        if link.len() > 100 {
            records.push_str(&record("linkpath", link));
            link = "long";
        }
        if !records.is_empty() {
            let size = records.len() as u64;
            let head = block("", "pax", b'x', size, self.time, "");
            out.write_all(&head)?;
            out.write_all(records.as_bytes())?;
            pad(size, out)?;
        }
        out.write_all(&block(prefix, name, self.kind, self.size, self.time, link))
    }
}

/// A name in ustar's two fields, if it fits.
fn split(name: &str) -> Option<(&str, &str)> {
    if name.len() <= 100 {
        return Some(("", name));
    }
    let places = name.match_indices('/').map(|(place, _)| place);
    places
        .map(|place| (&name[..place], &name[place + 1..]))
        .find(|(prefix, rest)| prefix.len() <= 155 && !rest.is_empty() && rest.len() <= 100)
}

/// A record of a pax header, whose length counts its own digits.
fn record(key: &str, value: &str) -> String {
    let body = key.len() + value.len() + 3;
    let mut length = body;
    while length != body + length.to_string().len() {
        length = body + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

fn block(prefix: &str, name: &str, kind: u8, size: u64, time: u64, link: &str) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &str| {
        block[at..at + text.len()].copy_from_slice(text.as_bytes());
    };
    let mode = if kind == b'5' { "0000755" } else { "0000644" };
    put(0, name);
    put(100, mode);
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{size:011o}"));
    put(136, &format!("{time:011o}"));
    put(148, "        ");
    put(157, link);
    put(257, "ustar");
    put(263, "00");
    put(345, prefix);
    block[156] = kind;
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn read(asked: &Asked, from: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<bool> {
    while let Some(header) = next(from)? {
        let name = header.name.trim_end_matches('/');
        let is_wanted = asked.rest.is_empty()
            || asked.rest.iter().any(|wanted| {
                let wanted = wanted.trim_matches('/');
                name == wanted || name.starts_with(&format!("{wanted}/"))
            });
        let mut content = from.take(header.size);
        if is_wanted && (asked.action == Some('t') || asked.verbose) {
            writeln!(out, "{}", header.name)?;
        }
        if is_wanted && asked.action == Some('x') {
            extract(asked, &header, &mut content).map_err(about(&header.name))?;
        }
        io::copy(&mut content, &mut io::sink())?;
        if content.limit() > 0 {
            return Err(wrong("the archive is cut short"));
        }
        let over = header.size % BLOCK as u64;
        if over > 0 {
            skip(from, BLOCK as u64 - over)?;
        }
    }
    Ok(true)
}

fn skip(from: &mut dyn BufRead, bytes: u64) -> io::Result<()> {
    match io::copy(&mut from.take(bytes), &mut io::sink())? == bytes {
        true => Ok(()),
        false => Err(wrong("the archive is cut short")),
    }
}

/// The next member's header, with what stands before it for longer names.
fn next(from: &mut dyn BufRead) -> io::Result<Option<Header>> {
    let (mut path, mut link) = (None, None);
    loop {
        let mut block = [0; BLOCK];
        match from.read_exact(&mut block) {
            // Some write no end.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        if block == [0; BLOCK] {
            return Ok(None);
        }
        let mut header = parse(&block)?;
        if !matches!(header.kind, b'x' | b'g' | b'L' | b'K') {
            header.name = path.unwrap_or(header.name);
            header.link = link.unwrap_or(header.link);
            return Ok(Some(header));
        }
        if header.size > MAX_NAME {
            return Err(wrong("a header is too long"));
        }
        let mut content = vec![0; usize::try_from(header.size).unwrap_or(0)];
        from.read_exact(&mut content)
            .map_err(|_| wrong("the archive is cut short"))?;
        let over = header.size % BLOCK as u64;
        if over > 0 {
            skip(from, BLOCK as u64 - over)?;
        }
        let text = String::from_utf8_lossy(&content).into_owned();
        match header.kind {
            b'L' => path = Some(text.trim_end_matches('\0').to_owned()),
            b'K' => link = Some(text.trim_end_matches('\0').to_owned()),
            b'x' => {
                for (key, value) in records(&text) {
                    match key {
                        "path" => path = Some(value.to_owned()),
                        "linkpath" => link = Some(value.to_owned()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// The records of a pax header: `LENGTH KEY=VALUE` and a line's end.
fn records(mut text: &str) -> Vec<(&str, &str)> {
    let mut records = Vec::new();
    while let Some((length, _)) = text.split_once(' ') {
        let Some((record, rest)) = length
            .parse()
            .ok()
            .and_then(|length: usize| text.split_at_checked(length))
        else {
            break;
        };
        let pair = record.get(length.len() + 1..).unwrap_or_default();
        if let Some(pair) = pair.trim_end_matches('\n').split_once('=') {
            records.push(pair);
        }
        text = rest;
    }
    records
}

fn parse(block: &[u8; BLOCK]) -> io::Result<Header> {
    let text = |range: std::ops::Range<usize>| {
        let field = block.get(range).unwrap_or_default();
        let end = field.iter().position(|byte| *byte == 0);
        String::from_utf8_lossy(&field[..end.unwrap_or(field.len())]).into_owned()
    };
    let number = |range| {
        let field = text(range);
        let digits = field.trim();
        u64::from_str_radix(if digits.is_empty() { "0" } else { digits }, 8)
            .map_err(|_| wrong("this is no tar archive"))
    };
    let sum: u64 = block
        .iter()
        .enumerate()
        .map(|(place, byte)| match place {
            148..156 => u64::from(b' '),
            _ => u64::from(*byte),
        })
        .sum();
    if number(148..156)? != sum {
        return Err(wrong("this is no tar archive"));
    }
    let (prefix, name) = (text(345..500), text(0..100));
    // GNU's older form has other things where ustar has a prefix.
    let is_ustar = &block[257..263] == b"ustar\0";
    let name = match prefix.is_empty() || !is_ustar {
        true => name,
        false => format!("{prefix}/{name}"),
    };
    let kind = block[156];
    let has_content = !matches!(kind, b'1' | b'2' | b'5');
    Ok(Header {
        name,
        kind,
        size: if has_content { number(124..136)? } else { 0 },
        time: number(136..148)?,
        link: text(157..257),
    })
}

fn extract(asked: &Asked, header: &Header, content: &mut dyn Read) -> io::Result<()> {
    let name = header.name.trim_start_matches('/');
    if Path::new(name)
        .components()
        .any(|part| part == Component::ParentDir)
    {
        return Err(wrong("a name with '..' in it"));
    }
    let path = asked.at(name);
    if header.kind == b'5' {
        return fs::create_dir_all(path);
    }
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        fs::create_dir_all(parent)?;
    }
    match header.kind {
        b'0' | 0 | b'7' => {
            // Not through a link that is there.
            if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
                fs::remove_file(&path)?;
            }
            let mut file = fs::File::create(&path)?;
            io::copy(content, &mut file)?;
            if !asked.now {
                let time = UNIX_EPOCH.checked_add(Duration::from_secs(header.time));
                // Where times cannot be set they are those of now.
                let _ = time.map(|time| file.set_modified(time));
            }
            Ok(())
        }
        b'1' => fs::copy(asked.at(header.link.trim_start_matches('/')), &path).map(drop),
        b'2' => link(&header.link, &path),
        kind => Err(wrong(format!(
            "a member of the kind '{}'",
            char::from(kind)
        ))),
    }
}

#[cfg(target_os = "wasi")]
fn link(_target: &str, _path: &Path) -> io::Result<()> {
    Err(wrong("links are not made"))
}

#[cfg(not(target_os = "wasi"))]
fn link(target: &str, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the tool with bytes for its input.
    fn run(words: &[&str], mut input: &[u8]) -> (io::Result<bool>, Vec<u8>) {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let mut streams = Streams {
            input: &mut input,
            output: &mut output,
            errors: &mut errors,
        };
        (tar(&words, &mut streams), output)
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let folder = std::env::temp_dir().join(format!("toolbox-tar-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        let long = "a-long-name-".repeat(12);
        fs::create_dir_all(from.join("deep").join(&long)).unwrap();
        fs::create_dir(&to).unwrap();
        let files = [
            ("empty".to_owned(), Vec::new()),
            ("deep/exact".to_owned(), vec![7; BLOCK]),
            (format!("deep/{long}/{long}"), b"hello".to_vec()),
        ];
        for (name, content) in &files {
            fs::write(from.join(name), content).unwrap();
        }
        let at = from.display().to_string();
        let (packed, archive) = run(&["tar", "cf", "-", "-C", &at, "."], b"");
        assert!(packed.unwrap());
        assert_eq!(archive.len() % BLOCK, 0);
        let (listed, names) = run(&["tar", "-tf", "-"], &archive);
        assert!(listed.unwrap());
        let names = String::from_utf8(names).unwrap();
        assert!(names.contains("./deep/exact\n") && names.contains(&format!("{long}/{long}\n")));
        let into = to.display().to_string();
        assert!(run(&["tar", "-xmf", "-", "-C", &into], &archive).0.unwrap());
        for (name, content) in &files {
            assert_eq!(&fs::read(to.join(name)).unwrap(), content, "{name}");
        }
        // Debian's own reads what was written, and the other way round.
        let other = std::process::Command::new("tar")
            .args(["-C", &at, "-cf", "-", "deep"])
            .output()
            .unwrap();
        fs::remove_dir_all(to.join("deep")).unwrap();
        assert!(
            run(&["tar", "xf", "-", "-C", &into], &other.stdout)
                .0
                .unwrap()
        );
        assert_eq!(fs::read(to.join(&files[2].0)).unwrap(), b"hello");
        fs::write(folder.join("ours.tar"), &archive).unwrap();
        let other = std::process::Command::new("tar")
            .arg("-tf")
            .arg(folder.join("ours.tar"))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(other.stdout).unwrap(), names);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_is_no_archive_or_leaves_the_folder_is_refused() {
        let error = |words: &[&str], input: &[u8]| run(words, input).0.unwrap_err().to_string();
        assert_eq!(
            error(&["tar", "xf", "-"], &[1; BLOCK]),
            "this is no tar archive"
        );
        let outside = Header {
            name: "a/../../b".to_owned(),
            kind: b'0',
            ..Header::default()
        };
        let mut archive = Vec::new();
        outside.write(&mut archive).unwrap();
        assert!(error(&["tar", "xf", "-"], &archive).contains("a name with '..'"));
        let cut = Header {
            name: "a".to_owned(),
            kind: b'0',
            size: 100,
            ..Header::default()
        };
        let mut archive = Vec::new();
        cut.write(&mut archive).unwrap();
        assert!(error(&["tar", "tf", "-"], &archive).contains("cut short"));
        assert!(error(&["tar", "czf", "-", "x"], b"").contains("compression"));
        assert!(error(&["tar", "f", "-"], b"").contains("one of c, x and t"));
    }

    #[test]
    fn records_tell_their_own_length() {
        assert_eq!(record("path", "abc"), "12 path=abc\n");
        let text = [record("path", &"x".repeat(95)), record("linkpath", "y")].concat();
        let read = records(&text);
        assert_eq!(read[0].1.len(), 95);
        assert_eq!(read[1], ("linkpath", "y"));
        assert!(records("99 path=x").is_empty());
    }
}
