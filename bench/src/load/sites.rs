//! Where a cluster's managers stand, as its clients have it: each has one manager near, and the others far away.
//!
//! Client k begins at the k-th manager, in turn. Far ones are reached through a proxy that lets everything wait a while,
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

    /// The way of the client of this number to the cluster.
    pub(super) fn directory_of(&self, client: u32) -> Directory {
        let mut directory = self.near.clone();
        let place = client as usize % directory.managers.len();
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
