//! What addresses mean inside a pod, and what they are outside. Pure; the socket layer and the HTTP server ask here.
//!
//! A guest binds "every address" and gets its pod's; it binds loopback and gets its pod's address too, but only its own connections reach
//! that socket; it connects to loopback and reaches its own pod. Without root the pod range itself lies in 127.0.0.0/8, so "loopback" for a
//! guest is 127.0.0.0/16 and ::1 only.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Address and port a guest's socket really has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bind {
    /// Where the host's socket is bound.
    pub to: SocketAddr,
    /// Only connections from the pod itself are let in.
    pub private: bool,
}

/// How a guest's outgoing connection is really made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Where to.
    pub to: SocketAddr,
    /// The source address to bind first; `None` lets the kernel choose.
    pub from: Option<IpAddr>,
}

/// The pod does not own the address it wants to bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not the pod's")]
pub struct NotBindable;

/// The pod has no address of the family that the destination needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pod has no address that reaches the destination")]
pub struct Unreachable;

/// The network identity of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodAddress {
    /// The pod shares the node's network (`hostNetwork: true`).
    Host,
    /// The pod has an address of its own.
    Own(Ipv4Addr),
}

impl PodAddress {
    /// The pod's own address, if it has one.
    pub const fn own(self) -> Option<Ipv4Addr> {
        match self {
            Self::Host => None,
            Self::Own(ip) => Some(ip),
        }
    }

    /// Where a server of the pod listens.
    pub const fn listen(self) -> IpAddr {
        match self {
            Self::Host => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Self::Own(ip) => IpAddr::V4(ip),
        }
    }

    /// Whether sockets that the guest sees as IPv6 are IPv6 on the host. A pod with an IPv4 address alone has them mapped.
    pub const fn has_ipv6(self) -> bool {
        matches!(self, Self::Host)
    }

    /// Translates a bind.
    pub fn bind(self, wanted: SocketAddr) -> Result<Bind, NotBindable> {
        let Self::Own(own) = self else {
            return Ok(Bind {
                to: wanted,
                private: false,
            });
        };
        let to = SocketAddr::new(IpAddr::V4(own), wanted.port());
        let ip = wanted.ip().to_canonical();
        if ip.is_unspecified() || ip == IpAddr::V4(own) {
            Ok(Bind { to, private: false })
        } else if is_guest_loopback(ip) {
            Ok(Bind { to, private: true })
        } else {
            Err(NotBindable)
        }
    }

    /// Translates the destination of a connection or datagram.
    pub fn dial(self, wanted: SocketAddr) -> Result<Dial, Unreachable> {
        let Self::Own(own) = self else {
            return Ok(Dial {
                to: wanted,
                from: None,
            });
        };
        let IpAddr::V4(ip) = guest_canonical(wanted.ip()) else {
            return Err(Unreachable);
        };
        let ip = if is_guest_loopback(IpAddr::V4(ip)) {
            own
        } else {
            ip
        };
        // Linux refuses to send from a loopback address to one that is not.
        let from = (ip.is_loopback() || !own.is_loopback()).then_some(IpAddr::V4(own));
        Ok(Dial {
            to: SocketAddr::new(IpAddr::V4(ip), wanted.port()),
            from,
        })
    }

    /// Whether a connection from `peer` may reach a socket that the guest bound to loopback.
    pub fn is_self(self, peer: IpAddr) -> bool {
        match self {
            Self::Host => true,
            Self::Own(own) => peer.to_canonical() == IpAddr::V4(own),
        }
    }
}

/// 127.0.0.0/16 and ::1: see the head of this file for why not /8.
pub fn is_guest_loopback(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.octets()[..2] == [127, 0],
        IpAddr::V6(v6) => v6 == Ipv6Addr::LOCALHOST,
    }
}

/// An address as a guest of one family sees it: an IPv4 address on an IPv6 socket is shown IPv4-mapped.
pub fn shown_as(address: SocketAddr, ipv6: bool) -> SocketAddr {
    match (address, ipv6) {
        (SocketAddr::V4(v4), true) => {
            SocketAddr::new(IpAddr::V6(v4.ip().to_ipv6_mapped()), v4.port())
        }
        (address, _) => address,
    }
}

/// IPv4-mapped addresses and the IPv6 loopback become IPv4.
fn guest_canonical(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) if v6 == Ipv6Addr::LOCALHOST => IpAddr::V4(Ipv4Addr::LOCALHOST),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: PodAddress = PodAddress::Own(Ipv4Addr::new(127, 64, 0, 9));
    const REAL: PodAddress = PodAddress::Own(Ipv4Addr::new(10, 64, 0, 9));

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn every_address_and_loopback_become_the_pods() {
        for (wanted, private) in [
            ("0.0.0.0:80", false),
            ("[::]:80", false),
            ("127.64.0.9:80", false),
            ("127.0.0.1:80", true),
            ("[::1]:80", true),
            ("[::ffff:127.0.0.1]:80", true),
        ] {
            assert_eq!(
                POD.bind(at(wanted)),
                Ok(Bind {
                    to: at("127.64.0.9:80"),
                    private
                }),
                "{wanted}"
            );
        }
    }

    #[test]
    fn a_neighbours_address_or_the_nodes_is_refused() {
        for wanted in [
            "127.64.0.8:80",
            "10.0.0.1:80",
            "192.168.0.1:0",
            "[fd00::1]:80",
        ] {
            assert_eq!(POD.bind(at(wanted)), Err(NotBindable), "{wanted}");
        }
        assert_eq!(
            PodAddress::Host.bind(at("10.0.0.1:80")).unwrap().to,
            at("10.0.0.1:80")
        );
    }

    #[test]
    fn connections_leave_from_the_pods_address() {
        let own = Some(IpAddr::V4(Ipv4Addr::new(127, 64, 0, 9)));
        assert_eq!(
            POD.dial(at("127.0.0.1:5")).unwrap(),
            Dial {
                to: at("127.64.0.9:5"),
                from: own
            }
        );
        assert_eq!(
            POD.dial(at("[::1]:5")).unwrap(),
            Dial {
                to: at("127.64.0.9:5"),
                from: own
            }
        );
        assert_eq!(
            POD.dial(at("127.96.0.1:443")).unwrap(),
            Dial {
                to: at("127.96.0.1:443"),
                from: own
            }
        );
        assert_eq!(
            POD.dial(at("93.184.216.34:80")).unwrap(),
            Dial {
                to: at("93.184.216.34:80"),
                from: None
            }
        );
        let real = Some(IpAddr::V4(Ipv4Addr::new(10, 64, 0, 9)));
        assert_eq!(REAL.dial(at("93.184.216.34:80")).unwrap().from, real);
        assert_eq!(POD.dial(at("[2001:db8::1]:80")), Err(Unreachable));
    }

    #[test]
    fn ipv4_on_an_ipv6_socket_is_shown_mapped() {
        assert_eq!(
            shown_as(at("127.64.0.9:80"), true),
            at("[::ffff:127.64.0.9]:80")
        );
        assert_eq!(shown_as(at("127.64.0.9:80"), false), at("127.64.0.9:80"));
    }
}
