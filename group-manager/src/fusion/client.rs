//! What clients hear at the manager of a fused cluster: where their group stands. Data never passes here.

use super::*;
use multicast::id::GroupId;
use wire::message::{client::RequestBody, membership::Role};

use crate::coordinator::Caller;

impl FusionCoordinator {
    pub(super) fn handle_clients(&mut self, now: Micros, asked: Vec<(Caller, RequestBody)>) -> Vec<Command> {
        let mut commands = vec![];
        for (caller, body) in asked {
            match body {
                RequestBody::Change(change) => {
                    commands.extend(self.handle_change(caller, change));
                    commands.extend(self.proceed(now));
                }
                body => commands.push(Command::Reply(caller, self.answer(now, &body))),
            }
        }
        commands
    }

    fn answer(&self, now: Micros, body: &RequestBody) -> ReplyBody {
        let not_served = Refusal::NotServedHere {
            role: Role::GroupManager,
        };
        let refusal = match body {
            RequestBody::Write { group, .. }
            | RequestBody::Read { group, .. }
            | RequestBody::ReadOrdered { group, .. } => self.obstacle(now, *group).unwrap_or(not_served),
            RequestBody::Sizes
            | RequestBody::Members
            | RequestBody::DoorReport { .. }
            | RequestBody::Recoveries { .. }
            | RequestBody::Scrub(_)
            | RequestBody::Change(_)
            // Primaries know nothing of each other, so that no order is one of several groups.
            | RequestBody::WriteTogether(_) => not_served,
        };
        ReplyBody::Refused(refusal)
    }

    /// Why the group cannot be written or read, if its primary does not serve.
    fn obstacle(&self, now: Micros, group: GroupId) -> Option<Refusal> {
        let Some(place) = self.cluster.primary_of(group) else {
            let is_known = self.membership.groups.contains_key(&group);
            return Some(match is_known {
                true => Refusal::Closed { group },
                false => Refusal::UnknownGroup { group },
            });
        };
        let node = place.node;
        if self.membership.leaving.contains(&node) {
            return Some(Refusal::Closed { group });
        }
        let certain = self.succession(now).already_certain();
        let member = &certain.members[&node];
        let missing = self.missing(&certain);
        let tolerated = self.cluster.faults();
        let reason = match member.standing {
            Standing::Active => return None,
            _ if is_founded_primary(&certain, member) && missing.exceeds(tolerated) => {
                return Some(Refusal::TooManyFaults {
                    tolerated,
                    missing: missing.names(),
                });
            }
            Standing::Absent => format!("{node}, the primary of {group}, has not entered yet"),
            Standing::Removed => format!("{node}, the primary of {group}, is gone and not yet back"),
            Standing::Joining => match self.recoveries.given_up() {
                Some(failure) => format!("the recovery of {group} at {node} failed too often: {failure}"),
                None => format!("{group} is being recovered at {node}"),
            },
        };
        Some(Refusal::Unavailable { reason })
    }
}
