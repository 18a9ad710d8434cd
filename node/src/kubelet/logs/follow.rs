//! A container's log as a stream of bytes: rotated files first, then the current one, then what is appended until the container
//! ends. Waiting costs one inotify descriptor and no polling, but for a log that is not there yet: a runtime may make it when the
//! container first writes.

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use rustix::fs::inotify;
use tokio::io::unix::AsyncFd;
use tokio::sync::{mpsc, watch};

use super::reader::{Options, Writer, read_line, tail_offset};

/// Bytes read before they are handed on.
const CHUNK: usize = 64 * 1024;
/// How long to wait for news before looking anyway: a file system may not tell.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How often to look for a log that is not there yet, and for news that no file system tells.
const LOOK_FOR: Duration = Duration::from_millis(200);

/// Files of one run of a container, oldest first, the current one last. Compressed ones are left out.
pub(crate) fn files(current: &Path) -> Vec<PathBuf> {
    let (Some(dir), Some(name)) = (
        current.parent(),
        current.file_name().and_then(|name| name.to_str()),
    ) else {
        return vec![current.to_owned()];
    };
    let mut rotated: Vec<PathBuf> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .and_then(|found| found.to_str())
                .and_then(|found| found.strip_prefix(name))
                .is_some_and(|rest| {
                    rest.starts_with('.') && !rest.ends_with(".gz") && !rest.ends_with(".tmp")
                })
        })
        .collect();
    // The suffix is a time, so names sort by age.
    rotated.sort();
    rotated.push(current.to_owned());
    rotated
}

/// Sends a log to `out`. With `running`, goes on until it tells `false`; the receiver's end stops it at any time.
pub(crate) async fn send(
    current: PathBuf,
    options: Options,
    running: Option<watch::Receiver<bool>>,
    out: mpsc::Sender<io::Result<Bytes>>,
) {
    if let Err(error) = send_all(current, options, running, &out).await {
        let _ = out.send(Err(error)).await;
    }
}

async fn send_all(
    current: PathBuf,
    options: Options,
    running: Option<watch::Receiver<bool>>,
    out: &mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<()> {
    let mut running = running;
    if let Some(running) = &mut running {
        until_made(&current, running, out).await;
    }
    // Watched before it is read, so that nothing appended between is missed.
    let news = if running.is_some() {
        News::watch(&current).ok()
    } else {
        None
    };
    let path = current.clone();
    let tail = options.tail;
    let mut open = tokio::task::spawn_blocking(move || open_from(&path, tail))
        .await
        .map_err(io::Error::other)??;
    let mut writer = Writer::new(options);
    let last = open.pop();
    for reader in open {
        if !drain(reader, &mut writer, out).await?.1 {
            return Ok(());
        }
    }
    let Some(mut reader) = last else {
        return Ok(());
    };
    let Some(mut running) = running else {
        drain(reader, &mut writer, out).await?;
        return Ok(());
    };
    loop {
        // Asked before reading: what was written before the end is read after it.
        let ended = !*running.borrow_and_update();
        let (drained, wanted) = drain(reader, &mut writer, out).await?;
        reader = drained;
        if !wanted || ended {
            return Ok(());
        }
        if let Some(next) = replaced(&current, reader.get_ref())? {
            reader = drain(reader, &mut writer, out).await?.0;
            drop(reader);
            reader = BufReader::new(next);
            continue;
        }
        tokio::select! {
            () = out.closed() => return Ok(()),
            changed = running.changed() => if changed.is_err() {
                // Nobody knows whether it runs: read what is there and stop.
                drain(reader, &mut writer, out).await?;
                return Ok(());
            },
            () = wait(news.as_ref()) => {}
        }
    }
}

async fn wait(news: Option<&News>) {
    match news {
        Some(news) => {
            let _ = tokio::time::timeout(LOOK_AGAIN, news.wait()).await;
        }
        None => tokio::time::sleep(LOOK_FOR).await,
    }
}

/// Waits until the log is there, its container has ended, or nobody reads any more.
async fn until_made(
    current: &Path,
    running: &mut watch::Receiver<bool>,
    out: &mpsc::Sender<io::Result<Bytes>>,
) {
    while *running.borrow_and_update() && !is_there(current) {
        tokio::select! {
            () = out.closed() => return,
            changed = running.changed() => if changed.is_err() {
                return;
            },
            () = tokio::time::sleep(LOOK_FOR) => {}
        }
    }
}

/// Whether there is anything of a log, be it only what was rotated away.
pub(crate) fn is_there(current: &Path) -> bool {
    current.exists() || files(current).len() > 1
}

/// Opens what is to be read: every file, or from where the last lines begin.
fn open_from(current: &Path, tail: Option<u64>) -> io::Result<Vec<BufReader<File>>> {
    let mut open = Vec::new();
    let mut left = tail;
    let paths = files(current);
    for path in paths.iter().rev() {
        if left == Some(0) && !open.is_empty() {
            break;
        }
        let mut file = match File::open(path) {
            Ok(file) => file,
            // Being rotated at this moment.
            Err(error) if error.kind() == io::ErrorKind::NotFound && paths.len() > 1 => continue,
            Err(error) => return Err(error),
        };
        if let Some(lines) = &mut left {
            let (offset, found) = tail_offset(&mut file, *lines)?;
            file.seek(SeekFrom::Start(offset))?;
            *lines -= found;
        }
        open.push(BufReader::with_capacity(CHUNK, file));
    }
    open.reverse();
    Ok(open)
}

/// Reads to the end of a file and sends it. Says whether more is wanted.
async fn drain(
    mut reader: BufReader<File>,
    writer: &mut Writer,
    out: &mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<(BufReader<File>, bool)> {
    let mut chunk = Vec::new();
    let mut line = Vec::new();
    loop {
        let before = reader.stream_position()?;
        let read = read_line(&mut reader, &mut line)?;
        if read == 0 {
            break;
        }
        // A line without its newline is still being written.
        let whole = read > line.len();
        if !whole && read < super::reader::MAX_LINE {
            reader.seek(SeekFrom::Start(before))?;
            break;
        }
        writer.push(&line, &mut chunk);
        if chunk.len() >= CHUNK || writer.is_full() {
            let full = Bytes::from(std::mem::take(&mut chunk));
            let refused = out.send(Ok(full)).await.is_err();
            if refused || writer.is_full() {
                return Ok((reader, false));
            }
        }
    }
    if !chunk.is_empty() && out.send(Ok(Bytes::from(chunk))).await.is_err() {
        return Ok((reader, false));
    }
    Ok((reader, true))
}

/// The file that has taken the place of the open one.
fn replaced(path: &Path, open: &File) -> io::Result<Option<File>> {
    let next = match File::open(path) {
        Ok(next) => next,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (before, after) = (open.metadata()?, next.metadata()?);
    Ok((before.ino() != after.ino()).then_some(next))
}

/// News of a directory's files.
struct News {
    fd: AsyncFd<OwnedFd>,
}

impl News {
    fn watch(path: &Path) -> io::Result<Self> {
        let fd = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC)?;
        let dir = path.parent().unwrap_or(path);
        let events = inotify::WatchFlags::MODIFY
            | inotify::WatchFlags::CREATE
            | inotify::WatchFlags::MOVED_TO
            | inotify::WatchFlags::DELETE_SELF;
        inotify::add_watch(&fd, dir, events)?;
        // SAFETY: the descriptor is owned, so it stays open and the same until `AsyncFd` drops it.
        let fd = unsafe { AsyncFd::register(fd) }?;
        Ok(Self { fd })
    }

    /// Waits for the next news, and forgets what it was.
    async fn wait(&self) {
        let Ok(mut ready) = self.fd.readable().await else {
            return;
        };
        let mut buffer = [0_u8; 4096];
        loop {
            match ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut buffer)?)) {
                Ok(Ok(read)) if read > 0 => {}
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn line(text: &str) -> String {
        format!("2026-11-23T02:47:00Z stdout F {text}\n")
    }

    async fn collect(mut from: mpsc::Receiver<io::Result<Bytes>>) -> String {
        let mut all = Vec::new();
        while let Some(chunk) = from.recv().await {
            all.extend_from_slice(&chunk.unwrap());
        }
        String::from_utf8(all).unwrap()
    }

    #[tokio::test]
    async fn rotated_files_come_first_and_the_tail_spans_them() {
        let dir = tempfile::tempdir().unwrap();
        let current = dir.path().join("0.log");
        std::fs::write(
            dir.path().join("0.log.20261123-024700"),
            line("a") + &line("b"),
        )
        .unwrap();
        std::fs::write(dir.path().join("0.log.20261123-024600.gz"), "x").unwrap();
        std::fs::write(&current, line("c")).unwrap();
        for (tail, expected) in [(None, "a\nb\nc\n"), (Some(2), "b\nc\n"), (Some(0), "")] {
            let (out, from) = mpsc::channel(8);
            let options = Options {
                tail,
                ..Options::default()
            };
            send(current.clone(), options, None, out).await;
            assert_eq!(collect(from).await, expected);
        }
    }

    #[tokio::test]
    async fn following_sees_appends_rotation_and_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let current = dir.path().join("0.log");
        std::fs::write(&current, line("a")).unwrap();
        let (alive, running) = watch::channel(true);
        let (out, mut from) = mpsc::channel(8);
        let task = tokio::spawn(send(
            current.clone(),
            Options::default(),
            Some(running),
            out,
        ));
        assert_eq!(from.recv().await.unwrap().unwrap(), "a\n");
        let mut file = File::options().append(true).open(&current).unwrap();
        file.write_all(line("b").as_bytes()).unwrap();
        assert_eq!(from.recv().await.unwrap().unwrap(), "b\n");
        std::fs::rename(&current, dir.path().join("0.log.20261123-024700")).unwrap();
        std::fs::write(&current, line("c")).unwrap();
        assert_eq!(from.recv().await.unwrap().unwrap(), "c\n");
        File::options()
            .append(true)
            .open(&current)
            .unwrap()
            .write_all(line("d").as_bytes())
            .unwrap();
        alive.send(false).unwrap();
        assert_eq!(collect(from).await, "d\n");
        task.await.unwrap();
    }

    #[tokio::test]
    async fn a_log_that_is_made_late_is_followed_from_its_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let current = dir.path().join("pod/container/0.log");
        let (alive, running) = watch::channel(true);
        let (out, mut from) = mpsc::channel(8);
        let task = tokio::spawn(send(
            current.clone(),
            Options::default(),
            Some(running),
            out,
        ));
        std::fs::create_dir_all(dir.path().join("pod/container")).unwrap();
        std::fs::write(&current, line("a")).unwrap();
        assert_eq!(from.recv().await.unwrap().unwrap(), "a\n");
        alive.send(false).unwrap();
        assert_eq!(collect(from).await, "");
        task.await.unwrap();
    }

    #[tokio::test]
    async fn a_missing_log_is_an_error() {
        let (out, mut from) = mpsc::channel(8);
        send(
            PathBuf::from("/nonexistent/0.log"),
            Options::default(),
            None,
            out,
        )
        .await;
        assert!(from.recv().await.unwrap().is_err());
    }
}
