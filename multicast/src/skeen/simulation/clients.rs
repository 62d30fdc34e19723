//! What clients ask, and of whom.

use super::{invariants::Checked, manager::Client, replica::Request, world::World};
use crate::id::{ClientId, GroupId, Incarnation};

impl World {
    /// Some client asks some manager for something new or for the same again.
    pub(super) fn ask(&mut self) -> Checked {
        let clients: Vec<ClientId> = self.clients.keys().copied().collect();
        let Some(client) = self.random.pick(&clients) else {
            return Ok(());
        };
        let waits = self
            .clients
            .get(&client)
            .is_some_and(|client| client.waits_for.is_some());
        if waits && !self.random.percent(15) {
            return self.arrive().map(|_| ());
        }
        self.begin_request(client);
        let manager = self.awake_manager();
        manager.map_or(Ok(()), |manager| self.submit(manager, client))
    }

    /// A client asks for the next thing.
    fn begin_request(&mut self, client: ClientId) {
        let groups: Vec<GroupId> = self.founders.keys().copied().collect();
        let mut chosen = groups.clone();
        chosen.retain(|_| self.random.percent(50));
        if chosen.is_empty() {
            chosen.extend(self.random.pick(&groups));
        }
        let client = self.clients.get_mut(&client);
        if let Some(client) = client.filter(|client| client.waits_for.is_none()) {
            client.seq = client.seq.next();
            client.waits_for = Some(chosen);
        }
    }

    /// A manager multicasts what the client waits for.
    pub(super) fn submit(&mut self, life: Incarnation, client: ClientId) -> Checked {
        let Some(Client {
            seq,
            waits_for: Some(groups),
        }) = self.clients.get(&client).cloned()
        else {
            return Ok(());
        };
        let knows_a_view = |manager: &&mut super::manager::Manager| {
            manager.sender.may_send() && groups.iter().all(|group| manager.sender.reaches(*group))
        };
        let Some(manager) = self.managers.get_mut(&life).filter(knows_a_view) else {
            return Ok(());
        };
        let request = Request { client, seq };
        let (id, commands) = manager.multicast(groups.clone(), request);
        self.note(|| format!("{life} multicasts {id} to {groups:?}: {request:?}"));
        self.destinations.insert(id, groups);
        self.carry_out(life, commands)
    }
}
