//! Claim: a client is told what the structure answers that never crashed: of a write its own answer, once
//! applied, however often it was sent; of a read the state of one moment, which includes all it was told before.
//!
//! Source: DESIGN section 3, rule 7, and section 4, "Primary".

use fusion_primary::door::Caller;
use multicast::id::{ClientId, NodeId, Seq};
use structures::op::Answer;
use wire::message::client::{Refusal, ReplyBody};

use super::Claim;
use crate::world::{Asked, World};

impl World {
    pub(crate) fn judge_reply(&mut self, node: NodeId, caller: Caller, body: ReplyBody) {
        let asked = self
            .hosts
            .get_mut(&node)
            .and_then(|host| host.asked.remove(&caller));
        match (asked, body) {
            (Some(Asked::Write(client, seq)), ReplyBody::Written(answer)) => {
                self.judge_answer(node, caller, (client, seq), &answer);
            }
            (
                Some(Asked::Read {
                    mut expected,
                    number,
                    recoveries,
                }),
                body,
            ) if expected.front() == Some(&body) => {
                expected.pop_front();
                self.show(node, number, recoveries);
                if let (false, Some(host)) = (expected.is_empty(), self.hosts.get_mut(&node)) {
                    let asked = Asked::Read {
                        expected,
                        number,
                        recoveries,
                    };
                    host.asked.insert(caller, asked);
                }
            }
            (Some(asked), ReplyBody::Refused(refusal)) => self.hear_refusal(node, &asked, &refusal),
            (asked, body) => self.demand(Claim::Answers, false, || {
                format!("{node} answers {asked:?} by {body:?}")
            }),
        }
    }

    fn judge_answer(
        &mut self,
        node: NodeId,
        caller: Caller,
        (client, seq): (ClientId, Seq),
        answer: &Answer,
    ) {
        let group = self.groups.get_mut(&node).expect("a primary has a group");
        let recoveries = group.recoveries();
        let Some((number, expected)) = group.operation_of(client, seq) else {
            return self.demand(Claim::Acknowledged, false, || {
                format!("{node} answers write {seq} of {client}, which is no operation")
            });
        };
        let is_right = expected == answer;
        let heard = group.client.hear(caller, client, seq);
        self.demand(Claim::Answers, is_right, || {
            format!("{node} answers {answer:?} to write {seq} of {client}")
        });
        if let Err(found) = heard {
            self.demand(Claim::Answers, false, || found);
        }
        self.show(node, number, recoveries);
    }

    /// A write that is refused was not applied, and will not be unless it is sent again.
    fn hear_refusal(&mut self, node: NodeId, asked: &Asked, refusal: &Refusal) {
        if let Asked::Write(client, seq) = asked {
            let host = self.hosts.get_mut(&node).expect("it has just answered");
            let place = host
                .unapplied
                .iter()
                .rposition(|write| (write.client, write.seq) == (*client, *seq));
            if let Some(place) = place {
                host.unapplied.remove(place);
            }
            let group = self.groups.get_mut(&node).expect("a primary has a group");
            group.client.reset();
        }
        let may_be = matches!(
            refusal,
            Refusal::Unavailable { .. } | Refusal::Overloaded { .. } | Refusal::TooManyFaults { .. }
        );
        self.demand(Claim::Answers, may_be, || format!("{node} refuses: {refusal}"));
    }
}
