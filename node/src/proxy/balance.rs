//! Which backend a client gets: in turn, or the one it had. Takes the time as a value.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use jiff::{SignedDuration, Timestamp};

use super::table::Route;

/// Most clients remembered for one frontend.
const MAX_CLIENTS: usize = 65_536;

/// The choice at one frontend.
#[derive(Debug, Default)]
pub(crate) struct Balancer {
    route: Route,
    next: usize,
    clients: HashMap<IpAddr, (SocketAddr, Timestamp)>,
}

impl Balancer {
    pub(crate) fn new(route: Route) -> Self {
        Self {
            route,
            ..Self::default()
        }
    }

    /// Leads elsewhere from now on. Whose turn it is stays.
    pub(crate) fn set(&mut self, route: Route) {
        self.route = route;
        let backends = &self.route.backends;
        self.clients
            .retain(|_, (backend, _)| backends.binary_search(backend).is_ok());
    }

    /// Backends to try for a client, in order: the chosen one, then the others.
    pub(crate) fn choose(&mut self, client: IpAddr, now: Timestamp) -> Vec<SocketAddr> {
        let backends = &self.route.backends;
        if backends.is_empty() {
            return Vec::new();
        }
        let kept = self.kept(client, now);
        let first = match kept {
            Some(index) => index,
            None => {
                let index = self.next % backends.len();
                self.next = index + 1;
                index
            }
        };
        backends[first..]
            .iter()
            .chain(&backends[..first])
            .copied()
            .collect()
    }

    fn kept(&self, client: IpAddr, now: Timestamp) -> Option<usize> {
        let affinity = SignedDuration::try_from(self.route.affinity?).ok()?;
        let (backend, at) = self.clients.get(&client)?;
        if now.duration_since(*at) >= affinity {
            return None;
        }
        self.route.backends.binary_search(backend).ok()
    }

    /// A client has reached a backend.
    pub(crate) fn connected(&mut self, client: IpAddr, backend: SocketAddr, now: Timestamp) {
        let Some(affinity) = self
            .route
            .affinity
            .and_then(|affinity| SignedDuration::try_from(affinity).ok())
        else {
            return;
        };
        if self.clients.len() >= MAX_CLIENTS {
            self.clients
                .retain(|_, (_, at)| now.duration_since(*at) < affinity);
            if self.clients.len() >= MAX_CLIENTS {
                self.clients.clear();
            }
        }
        self.clients.insert(client, (backend, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn route(ports: &[u16], affinity: Option<u64>) -> Route {
        Route {
            backends: ports
                .iter()
                .map(|port| SocketAddr::from(([127, 0, 0, 1], *port)))
                .collect(),
            affinity: affinity.map(Duration::from_secs),
        }
    }

    fn client(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    fn first(balancer: &mut Balancer, last: u8, now: i64) -> u16 {
        balancer.choose(client(last), at(now))[0].port()
    }

    #[test]
    fn backends_take_turns_and_the_others_follow() {
        let mut balancer = Balancer::new(route(&[1, 2, 3], None));
        let turns: Vec<u16> = (0..4).map(|_| first(&mut balancer, 1, 0)).collect();
        assert_eq!(turns, [1, 2, 3, 1]);
        let order: Vec<u16> = balancer
            .choose(client(1), at(0))
            .iter()
            .map(SocketAddr::port)
            .collect();
        assert_eq!(order, [2, 3, 1]);
    }

    #[test]
    fn a_client_keeps_its_backend_for_a_while() {
        let mut balancer = Balancer::new(route(&[1, 2], Some(10)));
        assert_eq!(first(&mut balancer, 1, 0), 1);
        balancer.connected(client(1), SocketAddr::from(([127, 0, 0, 1], 1)), at(0));
        assert_eq!(first(&mut balancer, 2, 1), 2);
        assert_eq!(first(&mut balancer, 1, 9), 1);
        assert_eq!(first(&mut balancer, 1, 9), 1);
        balancer.set(route(&[2], Some(10)));
        assert_eq!(first(&mut balancer, 1, 9), 2);
    }

    #[test]
    fn nobody_is_chosen_where_nobody_is() {
        assert!(Balancer::default().choose(client(1), at(0)).is_empty());
    }
}
