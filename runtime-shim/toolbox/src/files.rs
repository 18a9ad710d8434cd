//! The tools that look at files and change them: ls, stat, cp, mv, rm, mkdir, touch.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::options::Options;
use crate::small::moment;
use crate::{Streams, about, plain, wrong};

/// `ls [-1adl] [PATH…]`.
pub fn ls(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "1adl")?;
    let here = [".".to_owned()];
    let paths = match options.rest.as_slice() {
        [] => here.as_slice(),
        paths => paths,
    };
    let mut all = true;
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for path in paths {
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_dir() && !options.has('d') => folders.push(path),
            Ok(found) => files.push((path.clone(), Some(found))),
            Err(error) => {
                writeln!(streams.errors, "ls: {path}: {}", plain(&error))?;
                all = false;
            }
        }
    }
    for (name, found) in &files {
        entry(streams, name, found.as_ref(), options.has('l'))?;
    }
    for (index, path) in folders.iter().enumerate() {
        if paths.len() > 1 {
            let gap = if index + files.len() > 0 { "\n" } else { "" };
            writeln!(streams.output, "{gap}{path}:")?;
        }
        for (name, found) in listed(path).map_err(about(path))? {
            if options.has('a') || !name.starts_with('.') {
                entry(streams, &name, found.as_ref(), options.has('l'))?;
            }
        }
    }
    Ok(all)
}

/// A folder's entries by name. Of what cannot be looked at only the name is known.
fn listed(path: &str) -> io::Result<Vec<(String, Option<Metadata>)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        entries.push((name, entry.metadata().ok()));
    }
    entries.sort_by(|(left, _), (right, _)| left.cmp(right));
    Ok(entries)
}

fn entry(
    streams: &mut Streams<'_>,
    name: &str,
    found: Option<&Metadata>,
    long: bool,
) -> io::Result<()> {
    if !long {
        return writeln!(streams.output, "{name}");
    }
    let (kind, size, changed) = match found {
        Some(found) => (letter(found), found.len(), changed(found)),
        None => ('?', 0, String::new()),
    };
    // WASI knows no owners and no permissions.
    writeln!(streams.output, "{kind} {size:>10} {changed} {name}")
}

fn letter(found: &Metadata) -> char {
    match found.file_type() {
        kind if kind.is_dir() => 'd',
        kind if kind.is_symlink() => 'l',
        _ => '-',
    }
}

fn changed(found: &Metadata) -> String {
    let time = found.modified().ok();
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    moment(since.unwrap_or_default().as_secs())
}

/// `stat PATH…`.
pub fn stat(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "")?;
    if options.rest.is_empty() {
        return Err(wrong("missing operand"));
    }
    for path in &options.rest {
        let found = fs::symlink_metadata(path)
            .map_err(|error| wrong(format!("can't stat '{path}': {}", plain(&error))))?;
        let kind = match letter(&found) {
            'd' => "directory",
            'l' => "symbolic link",
            _ if found.len() == 0 => "regular empty file",
            _ => "regular file",
        };
        writeln!(streams.output, "  File: {path}")?;
        writeln!(streams.output, "  Size: {}\t{kind}", found.len())?;
        writeln!(streams.output, "Modify: {}", changed(&found))?;
    }
    Ok(true)
}

/// `mkdir [-p] PATH…`.
pub fn mkdir(words: &[String], _streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "p")?;
    for path in &options.rest {
        let made = match options.has('p') {
            true => fs::create_dir_all(path),
            false => fs::create_dir(path),
        };
        made.map_err(|error| {
            wrong(format!(
                "can't create directory '{path}': {}",
                plain(&error)
            ))
        })?;
    }
    Ok(!options.rest.is_empty())
}

/// `rmdir PATH…`.
pub fn rmdir(words: &[String], _streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "")?;
    for path in &options.rest {
        fs::remove_dir(path).map_err(about(path))?;
    }
    Ok(!options.rest.is_empty())
}

/// `rm [-fr] PATH…`.
pub fn rm(words: &[String], _streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "frR")?;
    let recursive = options.has('r') || options.has('R');
    for path in &options.rest {
        let removed = fs::symlink_metadata(path).and_then(|found| match found.is_dir() {
            true if recursive => fs::remove_dir_all(path),
            true => Err(wrong("Is a directory")),
            false => fs::remove_file(path),
        });
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound && options.has('f') => {}
            removed => removed
                .map_err(|error| wrong(format!("can't remove '{path}': {}", plain(&error))))?,
        }
    }
    Ok(true)
}

/// `touch PATH…`.
pub fn touch(words: &[String], _streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "c")?;
    for path in &options.rest {
        let mut file = fs::File::options();
        file.write(true).create(!options.has('c'));
        match file
            .open(path)
            .and_then(|file| file.set_modified(std::time::SystemTime::now()))
        {
            Err(error) if error.kind() == io::ErrorKind::NotFound && options.has('c') => {}
            touched => touched.map_err(about(path))?,
        }
    }
    Ok(!options.rest.is_empty())
}

/// Where each source goes: into the last operand, if that is a folder, else to it.
fn targets(paths: &[String]) -> io::Result<Vec<(&Path, PathBuf)>> {
    let Some((target, sources)) = paths
        .split_last()
        .filter(|(_, sources)| !sources.is_empty())
    else {
        return Err(wrong("missing operand"));
    };
    let target = Path::new(target);
    let into = target.is_dir();
    if !into && sources.len() > 1 {
        return Err(wrong(format!("{}: Not a directory", target.display())));
    }
    Ok(sources
        .iter()
        .map(|source| {
            let source = Path::new(source);
            let name = source.file_name().filter(|_| into);
            (
                source,
                name.map_or_else(|| target.to_owned(), |name| target.join(name)),
            )
        })
        .collect())
}

/// `cp [-r] SOURCE… TARGET`.
pub fn cp(words: &[String], _streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "rR")?;
    let recursive = options.has('r') || options.has('R');
    for (source, target) in targets(&options.rest)? {
        copy(source, &target, recursive).map_err(about(&source.display().to_string()))?;
    }
    Ok(true)
}

fn copy(source: &Path, target: &Path, recursive: bool) -> io::Result<()> {
    if !fs::metadata(source)?.is_dir() {
        return fs::copy(source, target).map(drop);
    }
    if !recursive {
        return Err(wrong("Is a directory"));
    }
    if target.starts_with(source) {
        return Err(wrong("cannot be copied into itself"));
    }
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        copy(&entry.path(), &target.join(entry.file_name()), true)?;
    }
    Ok(())
}

/// `mv SOURCE… TARGET`.
pub fn mv(words: &[String], _streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "f")?;
    for (source, target) in targets(&options.rest)? {
        let moved = fs::rename(source, &target).or_else(|error| match error.kind() {
            // Another mount: what is there is copied, and then removed here.
            io::ErrorKind::CrossesDevices => {
                copy(source, &target, true)?;
                match source.is_dir() {
                    true => fs::remove_dir_all(source),
                    false => fs::remove_file(source),
                }
            }
            _ => Err(error),
        });
        moved.map_err(about(&source.display().to_string()))?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output_of;

    /// A folder of this test's own.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let unique = format!("toolbox-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(unique);
            fs::create_dir(&path).unwrap();
            Folder(path)
        }

        fn at(&self, name: &str) -> String {
            self.0.join(name).display().to_string()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn files_come_go_and_are_seen() {
        let folder = Folder::new("files");
        let (a, b, sub) = (folder.at("a"), folder.at("b"), folder.at("sub/deep"));
        assert!(output_of(&["touch", &a], "").0);
        fs::write(&a, "hello").unwrap();
        assert!(output_of(&["cp", &a, &b], "").0);
        assert!(output_of(&["mkdir", "-p", &sub], "").0);
        assert!(output_of(&["mv", &b, &sub], "").0);
        assert_eq!(
            fs::read_to_string(folder.at("sub/deep/b")).unwrap(),
            "hello"
        );
        assert_eq!(output_of(&["ls", &folder.at("")], "").1, "a\nsub\n");
        let long = output_of(&["ls", "-l", &a], "").1;
        assert!(long.starts_with("-          5 20") && long.ends_with(&format!(" {a}\n")));
        assert!(
            output_of(&["stat", &a], "")
                .1
                .contains("Size: 5\tregular file")
        );
        let refused = output_of(&["rm", &folder.at("sub")], "");
        assert!(!refused.0 && refused.2.ends_with("Is a directory\n"));
        let (sub, copy) = (folder.at("sub"), folder.at("copy"));
        assert!(output_of(&["cp", "-r", &sub, &copy], "").0);
        assert!(output_of(&["rm", "-r", &sub], "").0);
        assert!(Path::new(&folder.at("copy/deep/b")).exists());
        assert!(!output_of(&["cp", "-r", &copy, &folder.at("copy/x")], "").0);
    }

    #[test]
    fn what_is_not_there_is_said() {
        let folder = Folder::new("nothing");
        let gone = folder.at("gone");
        let told = output_of(&["ls", &gone], "");
        assert!(!told.0);
        assert_eq!(told.2, format!("ls: {gone}: No such file or directory\n"));
        assert!(output_of(&["rm", "-f", &gone], "").0);
        assert!(!output_of(&["rm", &gone], "").0);
        assert!(!output_of(&["mv", &gone], "").0);
    }
}
