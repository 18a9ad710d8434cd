//! The tools that ask the network: nslookup, wget.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};

use crate::options::Options;
use crate::{Streams, about, wrong};

/// Redirections that are followed.
const MAX_HOPS: usize = 10;
/// Most bytes of an answer's head.
const MAX_HEAD: u64 = 64 << 10;

/// `nslookup NAME`: the addresses of a name, as the container's programs get them.
pub fn nslookup(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "")?;
    let [name] = options.rest.as_slice() else {
        return Err(wrong("one name is looked up"));
    };
    let found = (name.as_str(), 0)
        .to_socket_addrs()
        .map_err(|_| wrong(format!("can't resolve '{name}'")))?;
    writeln!(streams.output, "Name:\t{name}")?;
    for address in found {
        writeln!(streams.output, "Address:\t{}", address.ip())?;
    }
    Ok(true)
}

/// `wget [-qS] [-O FILE] URL`: writes what is at an `http` URL into a file, called as the URL ends; `-O -` prints it.
pub fn wget(words: &[String], streams: &mut Streams<'_>) -> io::Result<bool> {
    let options = Options::parse(words, "qSO:")?;
    let [url] = options.rest.as_slice() else {
        return Err(wrong("one URL is fetched"));
    };
    let mut url = url.clone();
    for _ in 0..MAX_HOPS {
        let asked = Url::parse(&url)?;
        let mut answer = ask(&asked)?;
        if options.has('S') {
            writeln!(streams.errors, "  {}", answer.status)?;
            for (name, value) in &answer.headers {
                writeln!(streams.errors, "  {name}: {value}")?;
            }
        }
        match answer.code {
            300..400 if let Some(next) = answer.header("location") => {
                url = asked.join(next);
                continue;
            }
            200..300 => {}
            _ => return Err(wrong(format!("server returned error: {}", answer.status))),
        }
        let name = options.value('O').unwrap_or(asked.file());
        if name == "-" {
            io::copy(&mut answer.body, streams.output)?;
        } else {
            let mut file = std::fs::File::create(name).map_err(about(name))?;
            io::copy(&mut answer.body, &mut file).map_err(about(name))?;
            if !options.has('q') {
                writeln!(streams.errors, "'{name}' saved")?;
            }
        }
        return Ok(true);
    }
    Err(wrong("too many redirections"))
}

/// The parts of a URL.
#[derive(Debug, PartialEq, Eq)]
struct Url {
    authority: String,
    path: String,
}

impl Url {
    fn parse(text: &str) -> io::Result<Url> {
        let rest = match text.split_once("://") {
            Some(("http", rest)) => rest,
            Some((scheme, _)) => {
                return Err(wrong(format!("'{scheme}' is not spoken: only http is")));
            }
            None => text,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        let path = match path.starts_with('/') {
            true => path.to_owned(),
            false => format!("/{path}"),
        };
        if authority.is_empty() {
            return Err(wrong(format!("bad address '{text}'")));
        }
        Ok(Url {
            authority: authority.to_owned(),
            path,
        })
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let has_port = self
            .authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = match has_port {
            true => self.authority.clone(),
            false => format!("{}:80", self.authority),
        };
        TcpStream::connect(&address).map_err(|error| {
            wrong(format!(
                "can't connect to remote host ({address}): {}",
                crate::plain(&error)
            ))
        })
    }

    /// What a redirection means.
    fn join(&self, next: &str) -> String {
        match next {
            next if next.contains("://") => next.to_owned(),
            next if next.starts_with('/') => format!("http://{}{next}", self.authority),
            next => {
                let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("http://{}{folder}/{next}", self.authority)
            }
        }
    }

    /// What the file of this URL is called.
    fn file(&self) -> &str {
        let path = self.path.split('?').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        if name.is_empty() { "index.html" } else { name }
    }
}

struct Answer {
    status: String,
    code: u16,
    headers: Vec<(String, String)>,
    body: Box<dyn Read>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

fn ask(url: &Url) -> io::Result<Answer> {
    let mut stream = url.connect()?;
    write!(
        stream,
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Wget\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        url.path, url.authority
    )?;
    read(Box::new(BufReader::new(stream)))
}

/// Reads an answer's head; the body is left to be read.
fn read(mut from: Box<dyn BufRead>) -> io::Result<Answer> {
    let mut head = Vec::new();
    let mut left = MAX_HEAD;
    loop {
        let mut line = String::new();
        let read = from.as_mut().take(left).read_line(&mut line)?;
        left -= read as u64;
        if read == 0 {
            return Err(wrong("error getting response"));
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        head.push(line.to_owned());
    }
    let mut lines = head.into_iter();
    let status = lines.next().unwrap_or_default();
    let code = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let code = code.ok_or_else(|| wrong("error getting response"))?;
    let headers = lines
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        })
        .collect();
    let mut answer = Answer {
        status,
        code,
        headers,
        body: Box::new(io::empty()),
    };
    let length = answer
        .header("content-length")
        .and_then(|text| text.parse().ok());
    let is_chunked = answer
        .header("transfer-encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    answer.body = match (is_chunked, length) {
        (true, _) => Box::new(Chunked {
            from,
            left: 0,
            over: false,
        }),
        (false, Some(length)) => Box::new(Whole { from, left: length }),
        (false, None) => Box::new(from),
    };
    Ok(answer)
}

/// A body whose length was told: an earlier end is an error.
struct Whole {
    from: Box<dyn BufRead>,
    left: u64,
}

impl Read for Whole {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.as_mut().take(self.left).read(into)?;
        if read == 0 && self.left > 0 && !into.is_empty() {
            return Err(wrong("connection closed prematurely"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// A body in chunks.
struct Chunked {
    from: Box<dyn BufRead>,
    left: u64,
    over: bool,
}

impl Read for Chunked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 && !self.over {
            let mut line = String::new();
            self.from.as_mut().take(MAX_HEAD).read_line(&mut line)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            // The end of a chunk is an empty line.
            if size.is_empty() && !line.is_empty() {
                continue;
            }
            self.left = u64::from_str_radix(size, 16)
                .map_err(|_| wrong("connection closed prematurely"))?;
            self.over = self.left == 0;
        }
        let read = self.from.as_mut().take(self.left).read(into)?;
        if read == 0 && self.left > 0 && !into.is_empty() {
            return Err(wrong("connection closed prematurely"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_parts() {
        let url = Url::parse("http://web:8080/a/b.txt?x=1#y").unwrap();
        assert_eq!(url.authority, "web:8080");
        assert_eq!(url.path, "/a/b.txt?x=1");
        assert_eq!(url.file(), "b.txt");
        assert_eq!(url.join("/c"), "http://web:8080/c");
        assert_eq!(url.join("c"), "http://web:8080/a/c");
        assert_eq!(Url::parse("web").unwrap().file(), "index.html");
        assert!(Url::parse("https://web").is_err());
        assert!(Url::parse("http://").is_err());
    }

    fn body(answer: &'static str) -> io::Result<String> {
        let mut answer = read(Box::new(answer.as_bytes()))?;
        let mut body = String::new();
        answer.body.read_to_string(&mut body)?;
        Ok(body)
    }

    #[test]
    fn bodies_end_where_they_say() {
        let told = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello";
        assert_eq!(body(told).unwrap(), "he");
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\n\r\n";
        assert_eq!(body(chunked).unwrap(), "hello");
        assert_eq!(body("HTTP/1.0 200 OK\r\n\r\nall").unwrap(), "all");
        for cut in [
            "",
            "HTTP/1.1",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhe",
        ] {
            assert!(body(cut).is_err(), "{cut}");
        }
    }
}
