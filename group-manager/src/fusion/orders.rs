//! What the stored membership asks to be said: whatever a desk shows not to have been said yet.
//!
//! Order matters within one turn: a server is told of its rebuild before primaries are told to send it
//! images, and views without a removed server go out before anything that can wait.

use super::{scene::group_life, *};
use wire::message::{
    fusion::{PrimarySeat, ServerSeat, ToPrimary, ToServer},
    membership::Member,
};

impl FusionCoordinator {
    pub(super) fn give_orders(&mut self, now: Micros) -> Vec<Command> {
        let mut commands = self.order_rebuilds(now);
        commands.extend(self.show_views());
        commands.extend(self.admit_the_founded());
        commands.extend(self.fence_the_lost());
        commands.extend(self.begin_the_admitted(now));
        commands.extend(self.tell_the_leaving());
        commands
    }

    /// The active primaries, by id.
    pub(super) fn active_primaries(&self) -> impl Iterator<Item = (NodeId, &Member)> {
        let active = |member: &Member| member.group.is_some() && member.standing == Standing::Active;
        self.membership
            .members
            .iter()
            .filter(move |(_, member)| active(member))
            .map(|(node, m)| (*node, m))
    }

    /// The servers of the current view and their membership: active, or with a rebuild ordered.
    fn servers_in_view(&self) -> impl Iterator<Item = (NodeId, &Member)> {
        let in_view = |member: &Member| match member.standing {
            Standing::Active => true,
            Standing::Joining => member.since != Epoch(0),
            Standing::Absent | Standing::Removed => false,
        };
        let servers = self
            .membership
            .members
            .iter()
            .filter(|(_, member)| member.group.is_none());
        servers
            .filter(move |(_, member)| in_view(member))
            .map(|(node, member)| (*node, member))
    }

    /// Whether the life that listens is the one that the membership is about: only that one is told anything.
    pub(super) fn listens(&self, node: NodeId, member: &Member) -> bool {
        self.lives
            .up(node)
            .is_some_and(|life| life.incarnation == member.incarnation)
    }

    fn server_desk(&self, node: NodeId, member: &Member) -> Option<&ServerDesk> {
        self.servers.get(&node).filter(|_| self.listens(node, member))
    }

    fn server_seats(&self) -> Vec<ServerSeat> {
        let seat = |(node, member): (NodeId, &Member)| {
            let (place, addresses) = (self.cluster.server(node)?, member.addresses?);
            Some(ServerSeat {
                node,
                incarnation: member.incarnation,
                rebuild: member.since,
                row: place.row,
                address: addresses.peers,
                active: member.standing == Standing::Active,
            })
        };
        let mut seats: Vec<ServerSeat> = self.servers_in_view().filter_map(seat).collect();
        seats.sort_by_key(|seat| seat.row);
        seats
    }

    fn primary_seat(&self, node: NodeId, since: Epoch) -> Option<PrimarySeat> {
        self.cluster.primary(node).map(|place| PrimarySeat {
            node,
            column: place.column,
            since,
            began: group_life(&self.membership, place.group).began,
        })
    }

    fn has_begun(&self, node: NodeId, member: &Member) -> bool {
        let desk = self.primaries.get(&node).filter(|_| self.listens(node, member));
        desk.is_some_and(|desk| desk.begun == member.since)
    }

    fn order_rebuilds(&mut self, now: Micros) -> Vec<Command> {
        // Who was not told to begin yet holds nothing: it is admitted, but no image of it is to come.
        let seats: Vec<PrimarySeat> = self
            .active_primaries()
            .filter(|(node, _)| !self.hollow.contains_key(node))
            .filter_map(|(node, member)| self.primary_seat(node, member.since))
            .collect();
        let orders: Vec<(NodeId, u8, Epoch, bool)> = self
            .servers_in_view()
            .filter(|(node, member)| {
                self.server_desk(*node, member)
                    .is_some_and(|desk| desk.rebuild != member.since)
            })
            .filter_map(|(node, member)| {
                let row = self.cluster.server(node)?.row;
                Some((node, row, member.since, member.standing == Standing::Active))
            })
            .collect();
        // Whoever has not begun yet begins only when the server has really admitted it.
        let begun = |seat: &&PrimarySeat| self.has_begun(seat.node, &self.membership.members[&seat.node]);
        let known: BTreeMap<NodeId, Epoch> = seats
            .iter()
            .filter(begun)
            .map(|seat| (seat.node, seat.since))
            .collect();
        let mut commands = vec![];
        for (node, row, epoch, active) in orders {
            let desk = self.servers.entry(node).or_default();
            desk.order_rebuild(epoch, now);
            desk.admits = known.clone();
            desk.admitted = known.clone();
            commands.push(Command::ToServer(
                node,
                ToServer::Rebuild {
                    epoch,
                    row,
                    primaries: seats.clone(),
                },
            ));
            let entered_at = self.lives.get(node).map_or(now, |life| life.entered_at);
            self.log.note(node, |report| {
                report.fence_us = Some(now.0.saturating_sub(entered_at.0))
            });
            if active {
                self.log.finished(node, now);
            }
        }
        commands
    }

    /// Whoever serves is shown the servers whenever they change.
    fn show_views(&mut self) -> Vec<Command> {
        let seats = self.server_seats();
        let nodes: Vec<NodeId> = self
            .active_primaries()
            .filter(|(node, member)| self.has_begun(*node, member))
            .map(|(node, _)| node)
            .collect();
        nodes
            .into_iter()
            .filter_map(|node| self.show_view(node, &seats))
            .collect()
    }

    fn show_view(&mut self, node: NodeId, seats: &[ServerSeat]) -> Option<Command> {
        let desk = self.primaries.get_mut(&node)?;
        if desk.view.as_deref() == Some(seats) {
            return None;
        }
        desk.view = Some(seats.to_vec());
        let since = self.membership.members[&node].since;
        let (epoch, min_backups) = (self.membership.epoch, self.cluster.min_backups());
        Some(Command::ToPrimary(
            node,
            ToPrimary::View {
                epoch,
                since,
                servers: seats.to_vec(),
                min_backups,
            },
        ))
    }

    /// Every primary that may hold something, the lost ones before they are fenced: a server that was never
    /// told of one (the manager before this one died in between) holds nothing of it, and can say so.
    fn admit_the_founded(&mut self) -> Vec<Command> {
        let founded = |member: &&Member| is_founded_primary(&self.membership, member);
        let members = self.membership.members.iter();
        let seats: Vec<PrimarySeat> = members
            .filter(|(_, member)| founded(member))
            .filter_map(|(node, member)| self.primary_seat(*node, member.since))
            .collect();
        let listening = self
            .servers_in_view()
            .filter(|(node, member)| self.listens(*node, member));
        let servers: Vec<NodeId> = listening.map(|(node, _)| node).collect();
        let mut commands = vec![];
        for node in servers {
            let Some(desk) = self.servers.get_mut(&node) else {
                continue;
            };
            for seat in &seats {
                if desk.admits.insert(seat.node, seat.since) != Some(seat.since) {
                    commands.push(Command::ToServer(node, ToServer::Admit { seat: seat.clone() }));
                }
            }
        }
        commands
    }

    fn fence_the_lost(&mut self) -> Vec<Command> {
        let epoch = self.membership.epoch;
        let lost: Vec<(NodeId, Epoch)> = self
            .membership
            .members
            .iter()
            .filter(|(_, m)| is_founded_primary(&self.membership, m) && m.standing != Standing::Active)
            .map(|(node, member)| (*node, member.since))
            .collect();
        let active = self
            .servers_in_view()
            .filter(|(node, member)| member.standing == Standing::Active && self.listens(*node, member));
        let servers: Vec<NodeId> = active.map(|(node, _)| node).collect();
        let mut commands = vec![];
        for node in servers {
            let Some(desk) = self.servers.get_mut(&node) else {
                continue;
            };
            let unfenced = |(node, since): &&(NodeId, Epoch)| desk.fences.get(node) <= Some(since);
            let primaries: Vec<NodeId> = lost.iter().filter(unfenced).map(|(node, _)| *node).collect();
            if !primaries.is_empty() {
                desk.fences.extend(primaries.iter().map(|node| (*node, epoch)));
                commands.push(Command::ToServer(node, ToServer::Fence { epoch, primaries }));
            }
        }
        commands
    }

    /// A primary serves when every server of the view has admitted its life, and it is not about to be
    /// removed: it may have been lost and be back since the swap began.
    fn begin_the_admitted(&mut self, now: Micros) -> Vec<Command> {
        let admitted = |primary: NodeId, since: Epoch| {
            self.servers_in_view().all(|(node, member)| {
                self.server_desk(node, member)
                    .is_some_and(|desk| desk.admitted.get(&primary) == Some(&since))
            })
        };
        let stays = |node: NodeId, member: &Member| {
            self.in_flight
                .as_ref()
                .is_none_or(|next| next.members.get(&node) == Some(member))
        };
        let ready: Vec<(NodeId, Epoch)> = self
            .active_primaries()
            .filter(|(node, member)| stays(*node, member))
            .filter(|(node, member)| self.listens(*node, member) && !self.has_begun(*node, member))
            .filter(|(node, member)| admitted(*node, member.since))
            .map(|(node, member)| (node, member.since))
            .collect();
        let seats = self.server_seats();
        ready
            .into_iter()
            .flat_map(|(node, since)| self.begin(now, node, since, &seats))
            .collect()
    }

    fn begin(&mut self, now: Micros, node: NodeId, since: Epoch, seats: &[ServerSeat]) -> Vec<Command> {
        let mut commands = Vec::from_iter(self.show_view(node, seats));
        self.primaries.entry(node).or_default().begun = since;
        commands.extend(self.words_to_begin(node, since));
        if let Some(installed_at) = self.installed_at.remove(&node) {
            let activation_us = now.0.saturating_sub(installed_at.0);
            self.log.note(node, |report| {
                report.install_us = Some(report.install_us.unwrap_or(0) + activation_us);
            });
        }
        self.log.finished(node, now);
        commands
    }

    /// A life that was told to begin, but may not have heard it, is told again before it is told to resume. It takes
    /// no notice of the first if it holds something, nor of the second if it has just begun.
    fn words_to_begin(&mut self, node: NodeId, since: Epoch) -> Vec<Command> {
        let member = &self.membership.members[&node];
        let (incarnation, Some(group)) = (member.incarnation, member.group) else {
            return vec![];
        };
        let life = group_life(&self.membership, group);
        let found = Command::ToPrimary(node, ToPrimary::Found { since, life });
        let resume = Command::ToPrimary(node, ToPrimary::Resume { since, life });
        if self.hollow.remove(&node) == Some(incarnation) {
            self.summoned.insert(node, incarnation);
            return vec![found];
        }
        match self.summoned.get(&node) {
            Some(summoned) if *summoned == incarnation => vec![found, resume],
            _ => vec![resume],
        }
    }

    /// Whoever is to leave is told, once it serves.
    fn tell_the_leaving(&mut self) -> Vec<Command> {
        let mut commands = vec![];
        for node in &self.membership.leaving {
            let member = self.membership.members.get(node);
            let since = member.filter(|member| self.has_begun(*node, member));
            let Some(since) = since.map(|member| member.since) else {
                continue;
            };
            let Some(desk) = self.primaries.get_mut(node) else {
                continue;
            };
            if desk.told_to_leave < since {
                desk.told_to_leave = since;
                commands.push(Command::ToPrimary(*node, ToPrimary::Leave { since }));
            }
        }
        commands
    }
}
