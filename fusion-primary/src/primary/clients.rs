//! Clients: who is served, and what the others are told.
//!
//! Invariant: nobody is served by a life that may be over without its having heard of it. Whoever replaces it
//! has it fenced at the active fused servers first, and the manager knows of it; so one of them must be in
//! touch.

use wire::message::{
    client::{Refusal, ReplyBody, RequestBody},
    entry::EntryRefused,
};

use super::{Command, Primary, State};
use crate::{
    door::{Caller, Request},
    server_port::{Channel, ServerPort},
};

impl Primary {
    pub(super) fn handle_client(&mut self, caller: Caller, body: RequestBody) -> Vec<Command> {
        let request = match self.door.judge(body) {
            Ok(request) => request,
            Err(refusal) => return vec![refuse(caller, refusal)],
        };
        if let Some(refusal) = self.why_closed() {
            return vec![refuse(caller, refusal)];
        }
        let budget = self.budget();
        let State::Living(life) = &mut self.state else {
            return Vec::new();
        };
        match request {
            Request::Write(write) => {
                let commands = life.write(caller, write, budget);
                self.settle(commands)
            }
            Request::Read(query) => {
                let mut commands = life.read(caller, &query);
                commands.extend(self.confirm_reads());
                commands
            }
        }
    }

    /// Why clients are not served now, if they are not.
    fn why_closed(&self) -> Option<Refusal> {
        let unavailable = |reason: &str| {
            Some(Refusal::Unavailable {
                reason: reason.to_owned(),
            })
        };
        match &self.state {
            State::Living(life) if life.fenced => {
                unavailable("the primary was fenced and waits to be resumed")
            }
            State::Living(_) if self.is_cut_off() => {
                unavailable("the primary reaches neither the manager nor an active fused server")
            }
            State::Living(life) if life.is_leaving() => {
                let group = self.door.group.unwrap_or_default();
                Some(Refusal::Closed { group })
            }
            State::Living(_) => None,
            State::Recovering { .. } | State::Installed { .. } => unavailable("the primary recovers"),
            State::Waiting { refused: None } => unavailable("the primary has not entered yet"),
            State::Waiting {
                refused: Some(refused),
            } => Some(self.as_refusal(refused)),
        }
    }

    /// Whether this life may be over without anybody having been able to say so.
    fn is_cut_off(&self) -> bool {
        let is_open = |port: &ServerPort| port.seat.active && port.channel == Channel::Open;
        !self.manager_in_touch && !self.ports.values().any(is_open)
    }

    fn as_refusal(&self, refused: &EntryRefused) -> Refusal {
        match refused {
            EntryRefused::TooManyFaults { tolerated, missing } => Refusal::TooManyFaults {
                tolerated: *tolerated,
                missing: missing.clone(),
            },
            EntryRefused::StateLost { missing } => Refusal::StateLost {
                group: self.door.group.unwrap_or_default(),
                missing: missing.clone(),
            },
            other => Refusal::Unavailable {
                reason: other.to_string(),
            },
        }
    }
}

fn refuse(caller: Caller, refusal: Refusal) -> Command {
    Command::Reply {
        caller,
        body: ReplyBody::Refused(refusal),
    }
}
