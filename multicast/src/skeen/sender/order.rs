//! The only round of a message that this sender numbers itself: its place goes out with it.

use super::{Sender, SenderCommand};
use crate::{
    id::{MessageId, Timestamp},
    skeen::message::ToMember,
};

impl<P: Clone, R: Clone + PartialEq> Sender<P, R> {
    /// Numbers the message and sends it to its destinations; nothing where they have no members.
    pub(super) fn order(&mut self, id: MessageId) -> Vec<SenderCommand<P, R>> {
        let (Some(pending), Some(numbers)) = (self.pending.get_mut(&id), &mut self.numbers) else {
            return Vec::new();
        };
        if self.view.voters_of(&pending.groups).is_empty() {
            return Vec::new();
        }
        let timestamp = numbers.next();
        pending.is_proposed = true;
        pending.final_timestamp = Some(timestamp);
        let (groups, payload) = (pending.groups.clone(), pending.payload.clone());
        let before: Vec<Timestamp> = groups
            .iter()
            .map(|group| numbers.chain(*group, timestamp))
            .collect();
        let mut commands = Vec::new();
        for (group, after) in groups.iter().zip(before) {
            let message = ToMember::Order {
                epoch: self.epoch,
                id,
                groups: groups.clone(),
                payload: payload.clone(),
                timestamp,
                after,
                stable: self.stable(*group),
            };
            let order = |to| SenderCommand::Send {
                to,
                message: message.clone(),
            };
            commands.extend(self.view.voters(*group).map(order));
        }
        commands
    }
}
