//! The subprotocols, and how one is chosen (upstream: `k8s.io/apimachinery/pkg/util/{httpstream,remotecommand,portforward}`).

/// The header in which a SPDY client names what it speaks, and the server what it has chosen.
pub const HEADER: &str = "x-stream-protocol-version";
/// The `Upgrade` of raw SPDY.
pub const SPDY: &str = "SPDY/3.1";
/// Port-forwarding over SPDY.
pub const PORT_FORWARD: &str = "portforward.k8s.io";
/// SPDY inside a websocket's binary messages, for port-forwarding.
pub const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
/// What exec and attach may speak over SPDY, best first.
pub const REMOTE_OVER_SPDY: [&str; 4] = [
    "v4.channel.k8s.io",
    "v3.channel.k8s.io",
    "v2.channel.k8s.io",
    "channel.k8s.io",
];
/// What exec and attach may speak over a websocket, best first.
pub const REMOTE_OVER_WEBSOCKET: [&str; 5] = [
    "v5.channel.k8s.io",
    "v4.channel.k8s.io",
    "v4.base64.channel.k8s.io",
    "channel.k8s.io",
    "base64.channel.k8s.io",
];
/// What port-forwarding may speak over a websocket, best first.
pub const FORWARD_OVER_WEBSOCKET: [&str; 3] =
    [TUNNEL, "v4.channel.k8s.io", "v4.base64.channel.k8s.io"];

/// What a version of the remote command protocol can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// The end is told as a `Status` in JSON rather than as text.
    pub status: bool,
    /// The terminal's size is told.
    pub resize: bool,
    /// A client can say that its input ends (channel 255).
    pub close: bool,
    /// Messages are text, in base64.
    pub base64: bool,
}

impl Abilities {
    /// Of a subprotocol by its name; the nameless one is the first.
    pub fn of(protocol: &str) -> Abilities {
        let version = protocol
            .strip_prefix('v')
            .and_then(|rest| rest.split_once('.'))
            .and_then(|(version, _)| version.parse().ok())
            .unwrap_or(1);
        Abilities {
            status: version >= 4,
            resize: version >= 3,
            close: version >= 5,
            base64: protocol.contains("base64"),
        }
    }
}

/// The first of the client's protocols that the server has, as upstream's `negotiateProtocol` chooses. A client that names none gets
/// the nameless one.
pub fn negotiate<'a>(
    client: impl IntoIterator<Item = &'a str>,
    server: &[&str],
) -> Option<&'a str> {
    let mut named = false;
    for protocol in client {
        named = true;
        if server.contains(&protocol) {
            return Some(protocol);
        }
    }
    (!named).then_some("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_first_that_is_known_is_taken() {
        let client = [
            "v9.channel.k8s.io",
            "v3.channel.k8s.io",
            "v4.channel.k8s.io",
        ];
        assert_eq!(
            negotiate(client, &REMOTE_OVER_SPDY),
            Some("v3.channel.k8s.io")
        );
        assert_eq!(negotiate(["x"], &REMOTE_OVER_SPDY), None);
        assert_eq!(negotiate([], &REMOTE_OVER_SPDY), Some(""));
    }

    #[test]
    fn later_versions_can_do_more() {
        let all = |name| {
            let Abilities {
                status,
                resize,
                close,
                base64,
            } = Abilities::of(name);
            [status, resize, close, base64]
        };
        assert_eq!(all("v5.channel.k8s.io"), [true, true, true, false]);
        assert_eq!(all("v4.base64.channel.k8s.io"), [true, true, false, true]);
        assert_eq!(all("v2.channel.k8s.io"), [false; 4]);
        assert_eq!(all("base64.channel.k8s.io"), [false, false, false, true]);
        assert_eq!(all(""), [false; 4]);
    }
}
