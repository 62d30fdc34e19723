//! Whether this life is still the one that counts: leases asked for in advance, rounds for what comes without one.

use multicast::id::{Epoch, NodeId};
use wire::message::fusion::{DeltaFrame, FromPrimary};

use super::{Command, Primary, State};
use crate::{
    assembly::Micros,
    server_port::{Channel, ServerPort},
};

impl Primary {
    /// Asks for the next lease, and tells the servers what is stable, once nothing else does: they need not keep how to
    /// undo it.
    pub(super) fn on_tick(&mut self) -> Vec<Command> {
        let State::Living(life) = &mut self.state else {
            return Vec::new();
        };
        let may_ask = self.manager_in_touch && !life.fenced;
        let asked = may_ask.then(|| life.lease.ask()).flatten();
        let ask = asked.map(|asked_us| Command::ToManager(FromPrimary::AskLease { asked_us }));
        let stable = life.untold_stable();
        let tell = stable.map(|stable| self.to_open_channels(&DeltaFrame::Stable { stable }));
        ask.into_iter().chain(tell.unwrap_or_default()).collect()
    }

    /// Takes a lease, if it is this life that counts.
    pub(super) fn handle_lease(&mut self, since: Epoch, asked: Micros) -> Vec<Command> {
        if let State::Living(life) = &mut self.state
            && life.since == since
            && !life.fenced
        {
            life.lease.grant(asked);
        }
        Vec::new()
    }

    /// A server had not fenced this life when the round came.
    pub(super) fn handle_confirmed(&mut self, server: NodeId, round: u64) -> Vec<Command> {
        let (State::Living(life), Some(port)) = (&self.state, self.ports.get_mut(&server)) else {
            return Vec::new();
        };
        let begun = life.rounds.begun();
        if round > begun {
            tracing::error!(%server, round, begun, "a round is confirmed that never began");
            return self.drop_channel(server);
        }
        port.confirmed = port.confirmed.max(round);
        Vec::new()
    }

    /// Lets the reads go that every server has confirmed that operations wait for, and begins the next round if others
    /// came meanwhile.
    pub(super) fn confirm_reads(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        loop {
            let waited_for = self.ports.values().filter(|port| !port.needs_image());
            let confirmed = waited_for.map(|port| port.confirmed).min();
            let State::Living(life) = &mut self.state else {
                return commands;
            };
            // Without servers nobody has what a replacement would be decoded from.
            commands.extend(life.confirm(confirmed.unwrap_or(u64::MAX)));
            let Some(round) = life.rounds.begin() else {
                return commands;
            };
            commands.extend(self.to_open_channels(&DeltaFrame::Confirm { round }));
        }
    }

    fn to_open_channels(&self, frame: &DeltaFrame) -> Vec<Command> {
        let is_open = |(_, port): &(&NodeId, &ServerPort)| port.channel == Channel::Open;
        let to = |(server, _): (&NodeId, _)| Command::ToServer {
            server: *server,
            frame: frame.clone(),
        };
        self.ports.iter().filter(is_open).map(to).collect()
    }
}

/// Asks a server whose channel was not open when the round began.
pub(super) fn confirm(server: NodeId, round: u64) -> Command {
    Command::ToServer {
        server,
        frame: DeltaFrame::Confirm { round },
    }
}
