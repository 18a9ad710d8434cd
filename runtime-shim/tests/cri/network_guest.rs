//! A guest for tests of the network, compiled by the tests with `rustc` for wasm32-wasip2: standard library only.
//!
//! Each argument is a step; the first that fails ends the guest with its error.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};

fn main() {
    let mut listeners = Vec::new();
    for step in std::env::args().skip(1) {
        let (verb, what) = step.split_once('=').unwrap_or((&step, ""));
        let outcome = match verb {
            // Bind and keep.
            "listen" => TcpListener::bind(what).map(|listener| {
                let shown = listener.local_addr().unwrap();
                listeners.push(listener);
                format!("listening on {shown}")
            }),
            // Serve one connection on the last listener: say who it is.
            "serve" => listeners
                .last()
                .unwrap()
                .accept()
                .and_then(|(mut stream, peer)| {
                    stream.write_all(b"hello")?;
                    Ok(format!(
                        "served {} from {}",
                        stream.local_addr()?,
                        peer.ip()
                    ))
                }),
            // Accept in order: connect to the last listener from inside, then serve that.
            "self" => {
                let port = listeners.last().unwrap().local_addr().unwrap().port();
                TcpStream::connect((what, port)).and_then(|mut client| {
                    let (mut stream, peer) = listeners.last().unwrap().accept()?;
                    stream.write_all(b"hi")?;
                    drop(stream);
                    let mut text = String::new();
                    client.read_to_string(&mut text)?;
                    Ok(format!(
                        "{text} to {} from {}",
                        client.peer_addr()?.ip(),
                        peer.ip()
                    ))
                })
            }
            "connect" => TcpStream::connect(what).and_then(|mut stream| {
                let mut text = String::new();
                stream.read_to_string(&mut text)?;
                Ok(format!(
                    "connected from {}: {text}",
                    stream.local_addr()?.ip()
                ))
            }),
            "udp" => UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
                let other = UdpSocket::bind(what)?;
                socket.send_to(b"datagram", other.local_addr()?)?;
                let mut buffer = [0; 32];
                let (size, from) = other.recv_from(&mut buffer)?;
                Ok(format!(
                    "{} from {}",
                    String::from_utf8_lossy(&buffer[..size]),
                    from.ip()
                ))
            }),
            _ => Err(std::io::Error::other("no such step")),
        };
        match outcome {
            Ok(text) => println!("{step}: {text}"),
            Err(error) => {
                println!("{step}: {:?}: {error}", error.kind());
                std::process::exit(1);
            }
        }
    }
}
