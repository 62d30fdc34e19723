//! Where a cluster's managers stand, as its clients have it: each has one manager near, and the others far away.
//!
//! Client k of the whole cluster, group by group, begins at the k-th manager, in turn. Far ones are reached through a proxy that lets everything wait a while,
//! each way. Between managers and data nodes there is no such way: as if every site had all groups' nodes near.

use std::{io, net::SocketAddr, time::Duration};

use fault_proxy::{Conduct, Faults, Proxy, Recognise};
use tokio::net::lookup_host;
use wire::client::Directory;

/// See the module's documentation.
pub(super) struct Sites {
    near: Directory,
    /// The proxies before the managers, in their order; none where no manager is far.
    far: Vec<Proxy>,
}

impl Sites {
    /// The sites of a cluster's managers, with this way, one direction, from each to the others.
    ///
    /// # Errors
    /// Those of the operating system.
    pub(super) async fn of(directory: Directory, way: Duration) -> io::Result<Self> {
        let mut far = Vec::new();
        if !way.is_zero() {
            for (manager, seed) in directory.managers.iter().zip(0..) {
                let proxy = Proxy::open(Recognise::NOBODY, seed).await?;
                proxy.handle().lead_to(address(manager).await?);
                proxy.handle().set(Faults::both(Conduct {
                    delay: way,
                    ..Conduct::default()
                }));
                far.push(proxy);
            }
        }
        Ok(Self { near: directory, far })
    }

    /// The way to the cluster of the client of this number, counted over all groups.
    pub(super) fn directory_of(&self, client: usize) -> Directory {
        let mut directory = self.near.clone();
        let place = client % directory.managers.len();
        for (other, proxy) in self.far.iter().enumerate() {
            if other != place {
                let address = proxy.address();
                directory.managers[other] = (address.ip().to_string(), address.port());
            }
        }
        directory.managers.rotate_left(place);
        directory
    }

    /// The way without any detour.
    pub(super) fn near(&self) -> &Directory {
        &self.near
    }
}

async fn address((host, port): &(String, u16)) -> io::Result<SocketAddr> {
    let mut addresses = lookup_host((host.as_str(), *port)).await?;
    let none = || io::Error::new(io::ErrorKind::NotFound, format!("{host} has no address"));
    addresses.next().ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use settings::{ClusterPlan, Mechanism};

    use super::*;

    fn managers(ports: &[u16]) -> Vec<(String, u16)> {
        ports.iter().map(|port| ("127.0.0.1".to_owned(), *port)).collect()
    }

    fn cluster() -> Directory {
        let mut plan = ClusterPlan::new(Mechanism::Replication, 1, 1);
        plan.managers = 3;
        Directory::of(&plan.cluster().unwrap(), managers(&[1, 2, 3]))
    }

    #[tokio::test]
    async fn each_client_begins_at_a_manager_in_turn() {
        let sites = Sites::of(cluster(), Duration::ZERO).await.unwrap();
        let ways = [0, 1, 2, 3].map(|client| sites.directory_of(client).managers);
        let expected = [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 2, 3]];
        assert_eq!(ways, expected.map(|ports| managers(&ports)));
    }

    #[tokio::test]
    async fn only_the_manager_at_which_a_client_begins_is_reached_without_a_proxy() {
        let sites = Sites::of(cluster(), Duration::from_millis(5)).await.unwrap();
        let proxies: Vec<u16> = sites.far.iter().map(|proxy| proxy.address().port()).collect();
        let ways = [0, 1, 2].map(|client| sites.directory_of(client).managers);
        let [a, b, c] = proxies[..] else {
            panic!("{proxies:?}")
        };
        let expected = [[1, b, c], [2, c, a], [3, a, b]];
        assert_eq!(ways, expected.map(|ports| managers(&ports)));
        assert_eq!(sites.near().managers, managers(&[1, 2, 3]));
    }
}
