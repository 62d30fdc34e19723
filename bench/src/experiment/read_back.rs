//! Reading a group back, a page at a time: the largest structures do not fit into one answer.

use multicast::id::GroupId;
use structures::{kind::StructureKind, op::Element, query::Query};
use tokio::time::{Duration, Instant, sleep};
use wire::client::{Client, ClientError, Directory};

/// About how many bytes of keys and values one page holds.
const PAGE_BYTES: usize = 2 * 1024 * 1024;

/// Pause between two attempts to read a page.
const RETRY_PAUSE: Duration = Duration::from_millis(5);

/// How a structure is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) structure: StructureKind,
    /// Bytes of the longest element.
    pub(super) element_bytes: usize,
}

impl Reading {
    /// Elements of one page.
    fn page(self) -> u64 {
        (PAGE_BYTES / self.element_bytes.max(1)).max(1) as u64
    }

    /// Shows every element of the group at its door, in the structure's order. What may pass is waited for up to
    /// `patience` for each page.
    ///
    /// # Errors
    /// What does not pass, or `OutOfPatience`.
    pub(super) async fn at_door(
        self,
        directory: &Directory,
        group: GroupId,
        patience: Duration,
        mut see: impl FnMut(&Element),
    ) -> Result<(), ClientError> {
        let mut door = None;
        let mut from = 0;
        let mut began = Instant::now();
        loop {
            match self.page_at_door(&mut door, directory, group, from).await {
                Ok(page) => {
                    page.elements.iter().for_each(&mut see);
                    if page.is_last {
                        return Ok(());
                    }
                    from += page.elements.len() as u64;
                    began = Instant::now();
                }
                Err(error) if error.is_passing() && began.elapsed() < patience => {
                    door = None;
                    sleep(RETRY_PAUSE).await;
                }
                Err(error) if error.is_passing() => {
                    let (patience_ms, last) = (patience.as_millis(), Box::new(error));
                    return Err(ClientError::OutOfPatience { patience_ms, last });
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn page_at_door(
        self,
        door: &mut Option<Client>,
        directory: &Directory,
        group: GroupId,
        from: u64,
    ) -> Result<Page, ClientError> {
        let door = match door {
            Some(door) => door,
            none => none.insert(directory.door(group).await?),
        };
        self.page_from(door, group, from).await
    }

    /// Shows every element that the process at the other end serves of the group.
    ///
    /// # Errors
    /// The first page's that fails.
    pub(super) async fn at(
        self,
        client: &mut Client,
        group: GroupId,
        mut see: impl FnMut(&Element),
    ) -> Result<(), ClientError> {
        let mut from = 0;
        loop {
            let page = self.page_from(client, group, from).await?;
            page.elements.iter().for_each(&mut see);
            if page.is_last {
                return Ok(());
            }
            from += page.elements.len() as u64;
        }
    }

    async fn page_from(self, client: &mut Client, group: GroupId, from: u64) -> Result<Page, ClientError> {
        let count = self.page();
        let (query, is_whole) = match self.structure {
            StructureKind::LinkedList => (Query::All, true),
            _ => (Query::Range { from, count }, false),
        };
        let elements = client.elements(group, query).await?;
        let is_last = is_whole || (elements.len() as u64) < count;
        Ok(Page { elements, is_last })
    }
}

struct Page {
    elements: Vec<Element>,
    is_last: bool,
}
